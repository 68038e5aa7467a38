// The users and the healths in the values of Argo CD's chart, judged by Argo CD's own commands.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { apiVersion, kind } from '../../api/names.ts'
import { settingsObjects } from '../../local/argocd/settings.ts'
import { findBinary } from '../../local/binaries.ts'
import { runCommand } from '../../local/command.ts'
import { argoSettings } from '../../local/platform/settings.ts'

const release = join(import.meta.dirname, '../../deploy/infra/argocd/helm-release.yaml')
const settings = argoSettings(await readFile(release, 'utf8'))
const [cm, rbac] = settingsObjects(settings, { serverKey: 'x', hashes: {} }, 0)

await t.test('settings of Argo CD', async t => {
  const argocd = await findBinary('argocd', { env: process.env })
  const dir = t.testdir({
    'cm.json': JSON.stringify(cm),
    'rbac.json': JSON.stringify(rbac),
    // It wants one, and asks nobody.
    kubeconfig: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'a', cluster: { server: 'http://127.0.0.1:1' } }],
      users: [{ name: 'a', user: {} }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      'current-context': 'a'
    })
  })
  const env = { PATH: process.env['PATH'], HOME: dir, KUBECONFIG: join(dir, 'kubeconfig') }
  const admin = (...args: string[]) => runCommand(argocd, ['admin', 'settings', ...args], { env })

  await t.test('each user may what the table says', async t => {
    const [, ...rows] = (await readFile(join(import.meta.dirname, 'rbac.csv'), 'utf8')).trim().split('\n').map(line => line.split(','))
    t.ok(rows.length >= 40)
    for (const [user = '', action = '', resource = '', object = '', expected] of rows) {
      const answer = await admin('rbac', 'can', user, action, resource, object, `--policy-file=${join(dir, 'rbac.json')}`)
        .then(() => 'yes', (error: Error) => / exited with 1:/.test(error.message) && !error.message.includes('fatal') ? 'no' : error.message)
      t.equal(answer, expected, `${user} ${action} ${resource} ${object}`)
    }
  })

  await t.test('the policy has no line that is none', async t => {
    t.match(await admin('rbac', 'validate', `--policy-file=${join(dir, 'rbac.json')}`), /valid/)
  })

  const condition = (type: string, status: string, reason: string) => ({ type, status, reason, message: `${reason} it is` })
  const topicTen = (status: object | undefined, spec = {}) => ({ apiVersion, kind, metadata: { name: 'a', generation: 1 }, spec, status })
  const seen = (...conditions: object[]) => ({ observedGeneration: 1, conditions })
  const serviceTwo = (status?: object) => ({ apiVersion: 'service.lyc-handson-aws.com/v1alpha1', kind: 'ServiceTwo', metadata: { name: 'a' }, status })
  const application = (status?: object) => ({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'a' }, status })
  const cases: Array<[what: string, object: object, health: string]> = [
    ['a TopicTen without status', topicTen(undefined), 'Progressing'],
    ['one that nobody has looked at', topicTen({ observedGeneration: -1 }), 'Progressing'],
    ['one that rolls out', topicTen(seen(condition('Ready', 'False', 'RollingOut'), condition('Reconciling', 'True', 'Progressing'))), 'Progressing'],
    ['one whose last change was not looked at', topicTen({ ...seen(condition('Ready', 'True', 'Available')), observedGeneration: 0 }), 'Progressing'],
    ['one that is ready and still counts down', topicTen(seen(condition('Ready', 'True', 'Available'), condition('CountedDown', 'False', 'CountingDown'))), 'Healthy'],
    ['one that is stalled', topicTen(seen(condition('Ready', 'False', 'InvalidSpec'), condition('Stalled', 'True', 'InvalidArn'))), 'Degraded'],
    ['one that waits for ARNs', topicTen(seen(condition('Ready', 'False', 'WaitingForArns'), condition('Reconciling', 'True', 'Progressing'))), 'Suspended'],
    ['one whose ARNs vanished', topicTen(seen(condition('Ready', 'False', 'WaitingForArns'), condition('Stalled', 'True', 'ArnVanished'))), 'Degraded'],
    ['one that is suspended', topicTen(seen(condition('Ready', 'True', 'Available')), { suspend: true }), 'Suspended'],
    ['a ServiceTwo without status', serviceTwo(), 'Progressing'],
    ['one that waits for AWS', serviceTwo({ conditions: [condition('Synced', 'True', 'ReconcileSuccess'), condition('Ready', 'False', 'Creating')] }), 'Progressing'],
    ['one that is ready', serviceTwo({ conditions: [condition('Synced', 'True', 'ReconcileSuccess'), condition('Ready', 'True', 'Available')] }), 'Healthy'],
    ['one that cannot be composed', serviceTwo({ conditions: [condition('Synced', 'False', 'ReconcileError'), condition('Ready', 'True', 'Available')] }), 'Degraded'],
    ['an Application that is new', application(), 'Progressing'],
    ['one whose parts are well', application({ health: { status: 'Healthy' } }), 'Healthy'],
    ['one whose parts are not', application({ health: { status: 'Degraded' } }), 'Degraded'],
    ['one that waits for another', application({ health: { status: 'Suspended' } }), 'Healthy']
  ]

  await t.test('health is what the status says', async t => {
    for (const [what, object, health] of cases) {
      await writeFile(join(dir, 'object.json'), JSON.stringify(object))
      const answer = await admin('resource-overrides', 'health', join(dir, 'object.json'), `--argocd-cm-path=${join(dir, 'cm.json')}`)
      t.match(answer, new RegExp(`STATUS: ${health}\\b`), what)
    }
  })
})
