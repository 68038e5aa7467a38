// The life of a release, in its order: installed from git by Flux, kept as it is, upgraded, rolled back, uninstalled.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { KubernetesObject, V1Pod } from '@kubernetes/client-node'
import t from 'tap'
import { parseDocument } from 'yaml'
import { group, plural, topicTenLabel } from '../../api/names.ts'
import { controllers } from '../../local/flux/controllers.ts'
import { reconcile } from '../../local/flux/reconcile.ts'
import { startTimeOf } from '../../local/start-time.ts'
import {
  chart, chartSource, chartVersion, operatorNamespace, operatorStep, release, runInstalled, startGitopsBed, withVersion
} from '../fixtures/gitops.ts'
import { liveObjects } from '../fixtures/live-objects.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'

const root = join(import.meta.dirname, '../..')
const intervalSeconds = 15
const team = 'team'
// The webhook's words: the CRD finds no fault with an account of one digit.
const wrongArn = { kmsarn: 'arn:aws:kms:eu-west-3:1:key/x' }
const refusal = /account of 1 digits; expected the account id, exactly 12 digits/

const slow = `${chart}/templates/slow.yaml`
// Available ten seconds after its pod is ready, and so long does an upgrade wait for it.
const slowDeployment = JSON.stringify({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'slow' },
  spec: {
    minReadySeconds: 10,
    selector: { matchLabels: { app: 'slow' } },
    template: {
      metadata: { labels: { app: 'slow' } },
      spec: {
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [{ name: 'slow', image: 'slow', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }]
      }
    }
  }
})

interface WebhookConfiguration extends KubernetesObject {
  webhooks: Array<{ name: string, clientConfig: { caBundle?: string } }>
}
interface Release extends KubernetesObject {
  spec: { values: object }
  status: { history: Array<{ chartVersion: string, status: string }>, conditions: Array<{ type: string, status: string, message: string }> }
}

await t.test('a release of the chart', async t => {
  const bed = await startGitopsBed(t)
  const { kubectl, get, files, plane } = bed
  const first = chartVersion(files)
  const inTeam = `--namespace=${team}`
  const inSystem = `--namespace=${operatorNamespace}`
  const webhookConfigurations = () => get<{ items: WebhookConfiguration[] }>('validatingwebhookconfigurations,mutatingwebhookconfigurations')
    .then(({ items }) => items)
  const versions = (objects: KubernetesObject[]) => objects.map(({ metadata }) => metadata?.resourceVersion)
  /** Resolves when the operator has written its caBundle into both configurations. */
  const trusted = () => Promise.all(['validating', 'mutating'].map(kind => kubectl([
    'wait', `${kind}webhookconfiguration/topicten`, '--for=jsonpath={.webhooks[0].clientConfig.caBundle}', '--timeout=60s'
  ])))
  const podUids = async () => (await get<{ items: V1Pod[] }>('pods', inTeam, `--selector=${topicTenLabel}=beta`)).items.map(({ metadata }) => metadata!.uid!)
  const deploymentUid = () => kubectl(['get', 'deployment/beta', inTeam, '--output=jsonpath={.metadata.uid}'])

  await bed.install()
  await kubectl(['create', 'namespace', team])
  await runInstalled(t, bed, { COUNTDOWN_INTERVAL_SECONDS: String(intervalSeconds) })
  const watcher = await watchNamespace(t, plane, team)
  await trusted()
  const create = (name: string, spec = {}) => kubectl(['create', inTeam, '--filename=-'], JSON.stringify(manifest(name, spec)))

  await t.test('the installed operator refuses a wrong ARN, admits a right one and begins to count down', async t => {
    await t.rejects(create('wrong', wrongArn), { message: refusal })
    await create('alpha')
    await watcher.until('the first step', () => watcher.replicas('alpha').includes(4))
    t.strictSame(watcher.replicas('alpha'), [5, 4])
  })

  await t.test('what production applies is accepted as it stands, and a bed differs from it where the overlay says', async t => {
    const production = await kubectl(['kustomize', join(root, 'deploy/infra/topicten-operator')])
    await kubectl(['apply', '--server-side', '--dry-run=server', '--force-conflicts', '--filename=-'], production)
    const { spec } = await get<Release>('helmrelease/topicten', inSystem)
    const url = await kubectl(['get', 'validatingwebhookconfiguration/topicten', '--output=jsonpath={.webhooks[0].clientConfig.url}'])
    t.match(spec, { values: { replicas: 0, webhook: { url: url.replace('/validate-topicten', '') } }, driftDetection: { mode: 'enabled' } })
    t.equal(await kubectl(['get', 'gitrepository/topicten', inSystem, '--output=jsonpath={.spec.url} {.spec.ref}']), `${bed.git.url} {"branch":"main"}`)
  })

  await t.test('a changed RoleBinding and a deleted PodDisruptionBudget are put right', async t => {
    const subjects = '--output=jsonpath={.subjects[*].name}'
    // One more: without its own the operator would be forbidden meanwhile.
    const more = JSON.stringify([{ op: 'add', path: '/subjects/-', value: { kind: 'ServiceAccount', name: 'x', namespace: 'default' } }])
    await kubectl(['patch', 'rolebinding/topicten-leader', inSystem, '--type=json', `--patch=${more}`])
    t.equal(await kubectl(['get', 'rolebinding/topicten-leader', inSystem, subjects]), 'topicten x')
    await kubectl(['delete', 'poddisruptionbudget/topicten', inSystem])
    await reconcile(plane, release)
    await kubectl(['wait', '--for=jsonpath={.subjects[*].name}=topicten', 'rolebinding/topicten-leader', inSystem, '--timeout=60s'])
    await kubectl(['wait', '--for=create', 'poddisruptionbudget/topicten', inSystem, '--timeout=60s'])
  })

  await t.test('over 20 reconciles the webhook configurations are not written', async t => {
    await bed.released(first)
    const before = await webhookConfigurations()
    t.equal(before.length, 2)
    t.ok(before.every(({ webhooks }) => webhooks.every(({ clientConfig }) => clientConfig.caBundle)), 'they carry the operator\'s caBundle')
    for (let times = 0; times < 20; times++) await reconcile(plane, release)
    t.strictSame(versions(await webhookConfigurations()), versions(before))
    t.equal((await get<Release>('helmrelease/topicten', inSystem)).status.history.length, 1, 'and nothing is released again')
  })

  await t.test('a webhook that somebody weakened is put right, and its caBundle stays', async t => {
    const webhook = ['validatingwebhookconfiguration/topicten', '--output=jsonpath={.webhooks[0].clientConfig.caBundle}']
    const caBundle = await kubectl(['get', ...webhook])
    await kubectl(['patch', ...webhook, '--type=json', '--patch=[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"}]'])
    await reconcile(plane, release)
    await kubectl(['wait', webhook[0]!, '--for=jsonpath={.webhooks[0].failurePolicy}=Fail', '--timeout=60s'])
    t.equal(await kubectl(['get', ...webhook]), caBundle)
  })

  await t.test('a push that leaves the chart\'s version alone upgrades nothing', async t => {
    await bed.push({ [`${chart}/values.yaml`]: files[`${chart}/values.yaml`]?.replace('logLevel: info', 'logLevel: warn') })
    await reconcile(plane, { ...chartSource, kind: 'helmchart', name: `${operatorNamespace}-topicten` })
    await reconcile(plane, release)
    t.equal((await get<Release>('helmrelease/topicten', inSystem)).status.history.length, 1)
  })

  await create('beta')
  await watcher.until('all pods of beta', () => watcher.deployments.get(`${team}/beta`)?.status?.readyReplicas === 5)
  const uid = await deploymentUid()
  const pods = await podUids()
  const newField = ['get', `crd/${plural}.${group}`, '--output=jsonpath={.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.note}']

  await t.test('helm-controller, killed in the middle of an upgrade, finishes it when it is back', async t => {
    await bed.push({ ...withVersion(files, '9.9.8'), [slow]: slowDeployment })
    const record = ['secret/sh.helm.release.v1.topicten.v2', inSystem]
    await kubectl(['wait', ...record, '--for=create', '--timeout=60s'])
    await bed.flux.kill('helm-controller')
    t.equal(await kubectl(['get', ...record, '--output=jsonpath={.metadata.labels.status}']), 'pending-upgrade')
    await bed.flux.restart('helm-controller')
    await bed.released('9.9.8')
    t.ok(await kubectl(['get', 'deployment/slow', inSystem, '--output=name']))
    await trusted()
  })

  await t.test('a push of a version whose CRD has another field and whose webhook another name upgrades all of it', async t => {
    const crd = `${chart}/files/crd.yaml`
    const webhooks = `${chart}/templates/webhooks.yaml`
    const wider = parseDocument(files[crd] ?? '')
    wider.setIn(['spec', 'versions', 0, 'schema', 'openAPIV3Schema', 'properties', 'spec', 'properties', 'note'], { type: 'string' })
    await bed.push({
      ...withVersion(files, '9.9.9'),
      [slow]: undefined,
      [crd]: wider.toString(),
      [webhooks]: files[webhooks]?.replace('validate.topictens.', 'judge.topictens.')
    })
    await bed.released('9.9.9')
    t.ok((await webhookConfigurations()).some(({ webhooks }) => webhooks[0]?.name.startsWith('judge.')))
    t.equal(await kubectl(newField), '{"type":"string"}')
    await trusted()
    await t.rejects(create('wrong', wrongArn), { message: refusal })
  })

  await t.test('a version that does not render leaves what runs and says why', async t => {
    await bed.push({ ...withVersion(files, '9.9.10'), [`${chart}/templates/broken.yaml`]: '{{ fail "this version is broken" }}' })
    await kubectl(['wait', 'helmrelease/topicten', inSystem, '--for=condition=Released=False', '--timeout=60s'])
    const { status } = await get<Release>('helmrelease/topicten', inSystem)
    t.match(status.conditions.find(({ type }) => type === 'Ready')?.message, /this version is broken/)
    t.equal(status.history[0]?.chartVersion, '9.9.9')
  })

  await t.test('the revert of both pushes rolls back', async t => {
    await bed.push({ ...files, [`${chart}/templates/broken.yaml`]: undefined })
    await bed.released(first)
    t.equal(await kubectl(newField), '')
    await trusted()
    await t.rejects(create('wrong', wrongArn), { message: refusal })
  })

  await t.test('all of this neither disturbed the countdown nor replaced a pod', async t => {
    await watcher.until('the end of the countdown', () => watcher.replicas('beta').at(-1) === 1, 120_000)
    t.strictSame(watcher.replicas('beta'), [5, 4, 3, 2, 1])
    const times = watcher.steps('beta').map(({ at }) => at / 1000)
    const gaps = times.slice(1).map((at, index) => at - times[index]!)
    t.ok(gaps.every(gap => gap > 0.8 * intervalSeconds && gap < 1.5 * intervalSeconds), `steps ${intervalSeconds} s apart`, { gaps })
    t.equal(await deploymentUid(), uid)
    await kubectl(['wait', '--for=jsonpath={.status.replicas}=1', 'deployment/beta', inTeam, '--timeout=60s'])
    const left = await podUids()
    t.ok(left.every(one => pods.includes(one)), 'the pods that are left were there from the start', { left, pods })
  })

  const installed = await liveObjects(plane, 'topicten')
  const { spec: { values } } = await get<Release>('helmrelease/topicten', inSystem)

  await t.test('an uninstall leaves the TopicTen and its Deployment, and of the operator nothing', async t => {
    await kubectl(['delete', operatorStep.kind, operatorStep.name, `--namespace=${operatorStep.namespace}`, '--timeout=60s'])
    await kubectl(['wait', '--for=delete', 'helmrelease/topicten', inSystem, '--timeout=60s'])
    t.strictSame(await webhookConfigurations(), [])
    await kubectl(['wait', '--for=delete', 'secrets,leases', '--all', inSystem, '--timeout=60s'])
    await kubectl(['wait', '--for=delete', 'lease/topicten-install', '--namespace=kube-system', '--timeout=60s'])
    const names = '--output=jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {end}'
    const kept = (await kubectl(['get', 'secrets,leases', '--all-namespaces', names])).split(' ')
    t.strictSame(kept.filter(name => name.includes('topicten')), [])
    t.strictSame(Object.keys(await liveObjects(plane, 'topicten')), ['CustomResourceDefinition//topictens.app.lyc-handson-aws.com'])
    await kubectl(['delete', 'namespace', operatorNamespace, '--timeout=60s'])
    t.equal(await deploymentUid(), uid)
    t.equal(watcher.topicTen('beta')?.status?.currentReplicas, 1)
  })

  await t.test('helm template with kubectl apply makes the same objects', async t => {
    await kubectl(['create', 'namespace', operatorNamespace])
    const flags = Object.entries(values).flatMap(([name, value]) => ['--set-json', `${name}=${JSON.stringify(value)}`])
    const manifests = await plane.helm(['template', 'topicten', join(root, chart), inSystem, '--skip-tests', ...flags])
    await kubectl(['apply', '--server-side', '--force-conflicts', '--filename=-'], manifests)
    const applied = await liveObjects(plane, 'topicten')
    t.strictSame(Object.keys(applied), Object.keys(installed))
    t.strictSame(applied, installed)
  })
  await t.test('the controllers stop without a trace', async t => {
    const pids = controllers.map(bed.flux.pid)
    t.ok(pids.every(startTimeOf))
    await bed.flux.stop()
    t.strictSame(pids.map(startTimeOf), pids.map(() => undefined))
    t.strictSame((await readdir(plane.dir)).filter(name => name.startsWith('flux-')), [])
  })
})
