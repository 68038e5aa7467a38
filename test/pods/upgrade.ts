// The life of a release on a real node, in its order: upgraded and rolled back under load, tested, uninstalled; then what rights that took.
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import type { V1Deployment, V1Pod } from '@kubernetes/client-node'
import { parseAllDocuments } from 'yaml'
import { group, plural, topicTenLabel } from '../../api/names.ts'
import { createReflector } from '../../cluster/reflector.ts'
import { findBinary } from '../../local/binaries.ts'
import { makePauseImage } from '../../local/images/pause.ts'
import { streamAdmissions } from '../fixtures/admissions.ts'
import { chartFolder, type Rendered } from '../fixtures/chart.ts'
import { keepLog } from '../fixtures/log.ts'
import { sharedNodePlane, untilServed } from '../fixtures/node.ts'
import { countdownOf, outageOf } from '../fixtures/outage.ts'
import { type PreviousName, writePreviousCharts } from '../fixtures/previous-charts.ts'
import { forbiddenRequests, grantedRights, unusedRights } from '../fixtures/rights.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'

const intervalSeconds = 12
const perSecond = 100

const plane = await sharedNodePlane(t)
const { kubectl, helm } = plane
// It does nothing, and next to no work.
const image = (await makePauseImage(await findBinary('pause', { env: process.env }), process.env)).reference
const [operatorNs, ns] = [await newNamespace('restricted'), await newNamespace('baseline')]
const inOperatorNs = `--namespace=${operatorNs}`
const inNs = `--namespace=${ns}`
const charts = await writePreviousCharts(t.testdir())

/** Unlike that of other tests it may be gone at the end. */
async function newNamespace (podSecurity: 'restricted' | 'baseline'): Promise<string> {
  const name = `test-${randomBytes(4).toString('hex')}`
  await kubectl(['create', 'namespace', name])
  t.teardown(() => kubectl(['delete', 'namespace', name, '--wait=false', '--ignore-not-found']))
  await kubectl(['label', 'namespace', name, `pod-security.kubernetes.io/enforce=${podSecurity}`])
  await kubectl(['wait', '--for=create', `--namespace=${name}`, 'serviceaccount/default', '--timeout=30s'])
  return name
}

/** The TopicTen of every pod that ever was there, by the pod's uid. */
async function watchPods (): Promise<Map<string, string>> {
  const seen = new Map<string, string>()
  const reflector = createReflector<V1Pod>({
    client: watcher.client,
    path: `/api/v1/namespaces/${ns}/pods`,
    project: object => object as V1Pod,
    onChange ({ object }) { if (object?.metadata?.uid) seen.set(object.metadata.uid, object.metadata.labels?.[topicTenLabel] ?? '') },
    log: keepLog(),
    backoff: { baseMs: 50, maxMs: 500 }
  })
  reflector.start()
  await reflector.whenSynced()
  t.teardown(() => reflector.stop())
  return seen
}

const at = plane.images.operator.reference.lastIndexOf(':')
const values = {
  'image.repository': plane.images.operator.reference.slice(0, at),
  'image.tag': plane.images.operator.reference.slice(at + 1),
  countdownIntervalSeconds: intervalSeconds
}
const settings = Object.entries(values).map(([name, value]) => `--set=${name}=${value}`)
const waiting = ['--wait', '--timeout=180s']

async function upgrade (chart: string): Promise<void> {
  // The CRD may have stayed from a release of another test.
  await helm(['upgrade', '--install', '--take-ownership', 'topicten', chart, inOperatorNs, ...waiting, ...settings]).catch(async (error: unknown) => {
    throw new Error(`the operator does not come up:\n${await kubectl(['events', inOperatorNs]).catch(String)}`, { cause: error })
  })
}
t.teardown(() => helm(['uninstall', 'topicten', inOperatorNs, '--ignore-not-found', '--wait', '--timeout=60s']))

const create = (name: string, spec = {}) => kubectl(['create', inNs, '--filename=-'], JSON.stringify(manifest(name, { image, ...spec })))

await upgrade(charts.plain)
await untilServed(plane, operatorNs, 'topicten', 443)
const watcher = await watchNamespace(t, plane, ns)
const pods = await watchPods()
await create('alpha', { suspend: true })

async function get<T> (...path: string[]): Promise<T> {
  return JSON.parse(await kubectl(['get', ...path, '--output=json'])) as T
}
const operatorPods = () => kubectl(['get', 'pods', inOperatorNs, '--selector=app.kubernetes.io/name=topicten', '--output=name'])
  .then(names => names.trim().split('\n'))
const deploymentUids = async () => Object.fromEntries((await get<{ items: V1Deployment[] }>('deployments', inNs)).items
  .map(({ metadata }) => [metadata?.name, metadata?.uid]))

/** Lets `change` replace the operator's pods while admissions are asked for, until the last of the old pods is gone; gives what failed. */
async function underLoad (t: Test, what: string, change: () => Promise<unknown>): Promise<string[]> {
  const before = await operatorPods()
  const admissions = streamAdmissions(watcher.client, ns, perSecond)
  const started = performance.now()
  const secondsSince = () => ((performance.now() - started) / 1000).toFixed(1)
  const changing = change().then(secondsSince)
  const replaced = changing.then(() => kubectl(['wait', '--for=delete', ...before, inOperatorNs, '--timeout=120s'])).then(secondsSince)
  await Promise.allSettled([replaced])
  // Also where the change failed: the stream ends, and what it met is told.
  const { sent, failures } = await admissions.stop()
  t.comment(`${what}: ${sent} admissions, ${failures.length} failed`)
  for (const failure of failures.slice(0, 5)) t.comment(failure)
  t.comment(`${what}: took ${await changing} s, the last old pod was gone after ${await replaced} s`)
  t.ok(sent > 5 * perSecond, `${sent} admissions`)
  return failures
}

const eventsSince = async (since: string) =>
  (await plane.auditEvents()).filter(({ requestReceivedTimestamp }) => requestReceivedTimestamp >= since)

async function judge (t: Test, name: PreviousName, failures: string[], since: string): Promise<void> {
  if (name !== 'webhooks of other names') {
    t.strictSame(failures, [], 'no admission failed')
    return
  }
  // A webhook of a new name trusts nobody until a replica has seen it.
  const { count, longestMs, reactionsMs } = outageOf(await eventsSince(since), ns, `system:serviceaccount:${operatorNs}:topicten`)
  t.comment(`${count} failed, the last asked for ${longestMs} ms after the write of a configuration; ` +
    `the operator wrote whom to trust ${reactionsMs.join(', ')} ms after it`)
  t.equal(failures.length, count, 'the rest was answered as it should be')
  t.ok(longestMs < 1_000, `${longestMs} ms`)
}

let round = 0
for (const name of Object.keys(charts) as PreviousName[]) {
  await t.test(`from a chart with ${name} to ours and back, admissions and countdown go on`, async t => {
    await upgrade(charts[name])
    const counted = `counted-${round++}`
    await create(counted)
    await watcher.until('five pods', () => watcher.deployments.get(`${ns}/${counted}`)?.status?.readyReplicas === 5)

    for (const [what, change] of [
      ['upgrade', () => upgrade(chartFolder)],
      ['rollback', () => helm(['rollback', 'topicten', inOperatorNs, ...waiting])]
    ] as const) {
      const since = new Date().toISOString()
      await judge(t, name, await underLoad(t, what, change), since)
      t.equal((await operatorPods()).length, 2)
    }

    await watcher.until('the end of the countdown', () => watcher.replicas(counted).at(-1) === 1, 120_000)
    const steps = countdownOf(await plane.auditEvents(), ns, counted)
    t.strictSame(steps.map(({ replicas }) => replicas), [5, 4, 3, 2, 1])
    const gaps = steps.slice(1).map(({ at }, index) => at - steps[index]!.at)
    t.comment(`steps after ${gaps.map(gap => gap.toFixed(2)).join(', ')} s`)
    t.ok(gaps.every(gap => gap >= 0.9 * intervalSeconds && gap < 1.5 * intervalSeconds), `${intervalSeconds} s apart`, { gaps })
    t.equal([...pods.values()].filter(topicTen => topicTen === counted).length, 5, 'and no other pod was ever there')
  })
}

await t.test('helm test has one TopicTen admitted and another refused', async t => {
  await upgrade(chartFolder)
  await helm(['test', 'topicten', inOperatorNs, '--timeout=120s'])
  const asked = (await plane.auditEvents()).filter(({ user }) => user.username === `system:serviceaccount:${operatorNs}:topicten-test`)
  t.match(asked.map(({ verb, requestURI, responseStatus }) => ({ verb, requestURI, ...responseStatus })), [
    { verb: 'create', requestURI: /dryRun=All/, code: 201 },
    { verb: 'create', requestURI: /dryRun=All/, code: 422, message: /spec\.targetarn: found/ }
  ])
  const left = ['pods,serviceaccounts,roles', '--selector=app.kubernetes.io/name=topicten-test', '--output=name']
  t.equal(await kubectl(['get', inOperatorNs, ...left]), '', 'and leaves nothing')
})

await t.test('what is rare is done as well', async t => {
  await t.rejects(kubectl(['create', inNs, '--dry-run=server', '--filename=-'], JSON.stringify({
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', labels: { [topicTenLabel]: 'nobody' } }, spec: { containers: [{ name: 'c', image }] }
  })), { message: /nobody/ }, 'a pod of a TopicTen that is not there is refused')
  await kubectl(['create', 'deployment', 'taken', inNs, `--image=${image}`, '--replicas=0'])
  await create('taken')
  await watcher.until('NameTaken', () => watcher.condition('taken', 'Stalled')?.reason === 'NameTaken')
  // The same again is told by the same Event.
  for (const suspend of [false, true, false, true]) {
    await kubectl(['patch', 'topicten/alpha', inNs, '--type=merge', `--patch={"spec":{"suspend":${suspend}}}`])
    await watcher.until(`suspend is ${suspend}`, () => (watcher.condition('alpha', 'CountedDown')?.reason === 'Suspended') === suspend)
  }
  const lease = (path: string) => kubectl(['get', 'lease/topicten', inOperatorNs, `--output=jsonpath=${path}`])
  const leader = await lease('{.spec.holderIdentity}')
  await kubectl(['annotate', 'lease/topicten', inOperatorNs, 'somebody=was-here'])
  const touched = await lease('{.spec.renewTime}')
  // Each look takes kubectl a moment.
  while (await lease('{.spec.renewTime}') === touched);
  t.equal(await lease('{.spec.holderIdentity}'), leader, 'a leader whose Lease somebody touched leads on')
})

await t.test('an uninstall leaves the TopicTens and their Deployments, and of the operator nothing', async t => {
  const before = await deploymentUids()
  const names = '--output=jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {end}'
  await helm(['uninstall', 'topicten', inOperatorNs, ...waiting])
  t.equal(await kubectl(['get', 'validatingwebhookconfigurations,mutatingwebhookconfigurations', '--output=name']), '')
  await kubectl(['wait', '--for=delete', 'pods,secrets,leases', '--all', inOperatorNs, '--timeout=90s'])
  await kubectl(['wait', '--for=delete', 'lease/topicten-install', '--namespace=kube-system', '--timeout=60s'])
  const kept = await kubectl(['get', 'secrets,leases,clusterroles,clusterrolebindings', '--all-namespaces', names])
  t.strictSame(kept.split(' ').filter(name => name.includes('topicten') || name.startsWith(operatorNs)), [])
  await t.resolves(kubectl(['delete', 'namespace', operatorNs, '--timeout=90s']))
  t.strictSame(await deploymentUids(), before)
  t.equal((await get<{ items: object[] }>(`${plural}.${group}`, inNs)).items.length, 5)
  await t.resolves(kubectl(['delete', 'namespace', ns, '--timeout=90s']), 'and their namespace is not stuck either')
})

await t.test('every right was used, and nothing was asked for without the right to it', async t => {
  const rendered = await helm(['template', 'topicten', chartFolder, inOperatorNs, '--set=image.repository=topicten'])
  const objects = parseAllDocuments(rendered).map(document => document.toJS() as Rendered | null).filter(object => object !== null)
  const rights = grantedRights(objects)
  const events = await plane.auditEvents()
  t.ok(rights.length > 20, `${rights.length} rights`)
  t.strictSame(unusedRights(rights, events), [])
  t.strictSame(forbiddenRequests(events, ['topicten', 'topicten-test']), [])
})
