// The chart as an Application of Argo CD: what the operator writes at run time is no difference to what is in git.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { startArgoCd } from '../../local/argocd/argocd.ts'
import { argoNamespace } from '../../local/argocd/components.ts'
import { readTree } from '../../local/flux/tree.ts'
import { startGitServer } from '../../local/git-server.ts'
import { freePorts } from '../../local/ports.ts'
import { privateControlPlane } from '../fixtures/control-plane.ts'
import { chart, operatorNamespace, runInstalled } from '../fixtures/gitops.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'

interface Application {
  metadata: { annotations?: Record<string, string> }
  status: { sync: { status: string }, resources: Array<{ kind: string, name: string, status?: string }> }
}

const team = 'team'
// How Argo CD compares: by what it would apply, or by what the API server would make of it.
const comparisons = { 'by itself': 'ServerSideDiff=false', 'with the API server': 'ServerSideDiff=true' }

await t.test('the chart as an Application', async t => {
  const { env } = process
  const plane = await privateControlPlane(t)
  const { kubectl } = plane
  const get = async <T>(...path: string[]) => JSON.parse(await kubectl(['get', ...path, '--output=json'])) as T
  const git = await startGitServer({ env, within: plane.dir })
  t.teardown(() => git.stop())
  const settings = { cm: { 'accounts.ops-infra': 'login' }, rbac: { 'policy.csv': 'g, ops-infra, role:admin\n' } }
  const argocd = await startArgoCd(plane, { env, settings, passwords: { 'ops-infra': randomBytes(16).toString('hex') } })
  t.teardown(() => argocd.stop())
  await git.push({
    ...await readTree(join(import.meta.dirname, '../..'), [chart]),
    'team/topicten.yaml': JSON.stringify({ ...manifest('alpha'), metadata: { name: 'alpha', namespace: team } })
  })
  const [port = 0] = await freePorts(1)
  const project = { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }], clusterResourceWhitelist: [{ group: '*', kind: '*' }] }
  await kubectl(['create', '--filename=-'], list(
    { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'everything', namespace: argoNamespace }, spec: project },
    application('topicten', operatorNamespace, {
      repoURL: git.url,
      path: chart,
      helm: { valuesObject: { image: { repository: 'topicten' }, replicas: 0, webhook: { url: `https://127.0.0.1:${port}` } } }
    }),
    application('team', team, { repoURL: git.url, path: 'team' })
  ))
  const session = await argocd.logIn('ops-infra')

  /** What Argo CD sees after it has looked anew. */
  async function compared (name: string): Promise<Application['status']['resources']> {
    await session.run(['app', 'get', name, '--hard-refresh'])
    const { status } = await get<Application>('application', name, `--namespace=${argoNamespace}`)
    return status.resources.filter(({ status }) => status !== 'Synced')
  }

  await session.run(['app', 'sync', 'topicten', '--timeout=120'])
  await runInstalled(t, { plane, get }, { COUNTDOWN_INTERVAL_SECONDS: '1' })
  await Promise.all(['validating', 'mutating'].map(kind => kubectl([
    'wait', `${kind}webhookconfiguration/topicten`, '--for=jsonpath={.webhooks[0].clientConfig.caBundle}', '--timeout=60s'
  ])))

  for (const [how, option] of Object.entries(comparisons)) {
    await t.test(`compared ${how}, the installed operator and its caBundle are no difference`, async t => {
      const annotation = `argocd.argoproj.io/compare-options=${option}`
      await kubectl(['annotate', 'application/topicten', `--namespace=${argoNamespace}`, '--overwrite', annotation])
      for (let times = 0; times < 5; times++) t.strictSame(await compared('topicten'), [])
      t.equal(await session.run(['app', 'diff', 'topicten']), '')
    })
  }

  await t.test('a webhook that somebody weakened is a difference, and a sync puts it right and keeps the caBundle', async t => {
    const webhook = ['validatingwebhookconfiguration/topicten', '--output=jsonpath={.webhooks[0].clientConfig.caBundle}']
    const caBundle = await kubectl(['get', ...webhook])
    await kubectl(['patch', ...webhook, '--type=json', '--patch=[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"}]'])
    // Argo CD compares what its own watch has told it.
    const becomes = (status: string) => kubectl([
      'wait', 'application/topicten', `--namespace=${argoNamespace}`, `--for=jsonpath={.status.sync.status}=${status}`, '--timeout=60s'
    ])
    await becomes('OutOfSync')
    t.match(await compared('topicten'), [{ kind: 'ValidatingWebhookConfiguration', name: 'topicten', status: 'OutOfSync' }])
    await session.run(['app', 'sync', 'topicten', '--timeout=120'])
    await becomes('Synced')
    t.strictSame(await compared('topicten'), [])
    t.equal(await kubectl(['get', ...webhook]), caBundle)
  })

  await t.test('a TopicTen that counts down is no difference either', async t => {
    await kubectl(['create', 'namespace', team])
    const watcher = await watchNamespace(t, plane, team)
    await session.run(['app', 'sync', 'team', '--timeout=120'])
    await watcher.until('the end of the countdown', () => watcher.replicas('alpha').at(-1) === 1)
    t.strictSame(await compared('team'), [])
    t.equal(await session.run(['app', 'diff', 'team']), '')
  })
})

function application (name: string, namespace: string, source: object): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: argoNamespace },
    spec: {
      project: 'everything',
      source: { targetRevision: 'main', ...source },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: { syncOptions: ['CreateNamespace=true', 'ServerSideApply=true'] }
    }
  }
}

function list (...items: object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
}
