import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { argoSettings, usersOf } from '../../../local/platform/settings.ts'
import { standInChart, standIns } from '../../../local/platform/stand-ins.ts'

const release = join(import.meta.dirname, '../../../deploy/infra/argocd/helm-release.yaml')

await t.test('the settings are those of the release, and the users those that may log in', async t => {
  const settings = argoSettings(await readFile(release, 'utf8'))
  t.equal(settings.cm['admin.enabled'], 'false')
  t.match(settings.rbac['policy.csv'], /^g, greader, role:reader$/m)
  t.strictSame(usersOf(settings), ['greader', 'ops-project', 'ops-infra'])
  t.strictSame(usersOf({ cm: { 'accounts.robot': 'apiKey', 'accounts.a.enabled': 'login' }, rbac: {} }), [])
})

await t.test('a stand-in has the CRDs of its program and nothing else', async t => {
  t.strictSame(Object.keys(standInChart(standIns[0], 'crds')), ['stand-ins/crossplane/Chart.yaml', 'stand-ins/crossplane/crds/crossplane.yaml'])
})
