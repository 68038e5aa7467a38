// TopicTens on a real control plane, the operator under the rights of its ServiceAccount, one namespace for all of it.
import type { EventsV1Event, V1RoleList } from '@kubernetes/client-node'
import t from 'tap'
import { deployPath, startStage } from '../fixtures/stage.ts'
import { goodSpec } from '../fixtures/topicten.ts'

const stage = await startStage(t, { COUNTDOWN_INTERVAL_SECONDS: '1' })
const { watcher, kubectl, create } = stage
const { until, condition, topicTen } = watcher
const phase = (name: string) => condition(name, 'CountedDown')?.reason
const deployment = (name: string) => watcher.deployments.get(`${stage.namespace}/${name}`)
const merge = (name: string, patch: object, kind = 'topicten', ...rest: string[]) =>
  kubectl(['patch', kind, name, '--type=merge', `--patch=${JSON.stringify(patch)}`, ...rest])

t.test('five replicas become one by four steps on the grid, then nothing more is asked of the API server', async t => {
  await create('alpha')
  await until('done', () => phase('alpha') === 'Done' && condition('alpha', 'Ready')?.status === 'True')
  t.strictSame(watcher.replicas('alpha'), [5, 4, 3, 2, 1])
  const times = watcher.steps('alpha').map(({ at }) => at)
  const gaps = times.slice(1).map((at, index) => at - times[index]!)
  // What a watch shows is later than what happened by some milliseconds.
  t.ok(Math.min(...gaps) >= 850, `no two steps closer than 0.9 intervals: ${gaps}`)
  const requests = await stage.requests()
  const scales = requests.filter(({ verb, resource, code }) => verb === 'patch' && resource === 'deployments' && code === 200)
  t.equal(scales.length, 4, 'one write a step')
  t.equal(requests.filter(({ resource, code }) => resource === 'deployments' && code === 201).length, 1)
  t.ok(requests.filter(({ resource }) => resource === 'topictens/status').length <= 7, 'a status write for each step and each change of Ready')
  // The document of a CRD that was just made has no resource, and may not be there yet.
  t.strictSame(requests.filter(({ resource, code }) => resource !== '' && code >= 400), [])
})

t.test('when all is done only the lease and the watches are asked for', async t => {
  await create('idle', { suspend: true })
  await until('suspended', () => phase('idle') === 'Suspended')
  await stage.seconds(1) // its Event
  const before = await stage.requests()
  await stage.seconds(3)
  const later = (await stage.requests()).slice(before.length)
  t.strictSame([...new Set(later.map(({ resource }) => resource))], ['leases'])
})

t.test('the pods are what the TopicTen asks for, in a form that a restricted namespace admits', async t => {
  await create('pods', { suspend: false, env: [{ name: 'COLOUR', value: 'blue' }], nodeSelector: { 'kubernetes.io/hostname': 'n0' } })
  await until('a Deployment', () => deployment('pods') !== undefined)
  const { metadata, spec } = deployment('pods')!
  t.match(spec!.template.spec, {
    nodeSelector: { 'kubernetes.io/hostname': 'n0' },
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{ name: 'topicten-container', image: goodSpec.image, env: [{ name: 'COLOUR', value: 'blue' }] }]
  })
  t.match(metadata!.ownerReferences, [{ kind: 'TopicTen', name: 'pods', controller: true }])
  t.notOk('blockOwnerDeletion' in metadata!.ownerReferences![0]!)
})

t.test('a suspended TopicTen makes nothing; resumed it starts, suspended again it holds, resumed again it waits an interval', async t => {
  await create('held', { suspend: true })
  await until('suspended', () => phase('held') === 'Suspended')
  t.equal(deployment('held'), undefined)
  t.match(condition('held', 'Ready'), { status: 'False', reason: 'Suspended' })
  await merge('held', { spec: { suspend: false } })
  await until('a step', () => watcher.replicas('held').includes(4))
  await merge('held', { spec: { suspend: true } })
  await until('suspended again', () => phase('held') === 'Suspended')
  const seen = watcher.replicas('held')
  await stage.seconds(2)
  t.strictSame(watcher.replicas('held'), seen, 'no step while suspended')
  const resumedAt = performance.now()
  await merge('held', { spec: { suspend: false } })
  await until('the next step', () => watcher.replicas('held').length > seen.length)
  t.ok(watcher.steps('held').at(-1)!.at - resumedAt >= 900, 'the first step comes an interval later')
})

t.test('an edited image rolls the pods and the countdown goes on; edited replicas start it again', async t => {
  await create('edited')
  await until('a step', () => watcher.replicas('edited').includes(4))
  await merge('edited', { spec: { image: 'registry.example.com/topicten/workload:2.0.0' } })
  await until('the image', () => deployment('edited')!.spec!.template.spec!.containers[0]!.image!.endsWith(':2.0.0'))
  await until('at one', () => phase('edited') === 'Done')
  t.strictSame(watcher.replicas('edited'), [5, 4, 3, 2, 1])
  await merge('edited', { spec: { replicas: 3 } })
  await until('done again', () => phase('edited') === 'Done' && topicTen('edited')!.status!.observedGeneration === 3)
  t.strictSame(watcher.replicas('edited'), [5, 4, 3, 2, 1, 3, 2, 1])
})

t.test('what another hand changes of the Deployment is put back, what it adds stays', async t => {
  await create('touched', { replicas: 2 })
  await until('done', () => phase('touched') === 'Done')
  await kubectl(['set', 'image', 'deployment/touched', 'topicten-container=evil:1'])
  await until('the image is back', () => deployment('touched')!.spec!.template.spec!.containers[0]!.image === goodSpec.image &&
    deployment('touched')!.metadata!.generation! > 3)
  await kubectl(['label', 'deployment', 'touched', 'team=blue', 'app.lyc-handson-aws.com/topicten-'])
  await until('our label is back', () => deployment('touched')!.metadata!.labels!['app.lyc-handson-aws.com/topicten'] === 'touched')
  t.equal(deployment('touched')!.metadata!.labels!['team'], 'blue')
  await merge('touched', { spec: { resources: { requests: { cpu: '1000m' } } } })
  await until('resources', () => deployment('touched')!.spec!.template.spec!.containers[0]!.resources?.requests?.['cpu'] === '1')
  const before = (await stage.requests()).filter(({ resource }) => resource === 'deployments').length
  await kubectl(['label', 'deployment', 'touched', 'team=red', '--overwrite'])
  await until('label', () => deployment('touched')!.metadata!.labels!['team'] === 'red')
  await stage.seconds(0.5)
  t.equal((await stage.requests()).filter(({ resource }) => resource === 'deployments').length, before, 'no write for a value in another form')
})

t.test('a hand that scales up is counted down again, one that scales to zero is left alone', async t => {
  await create('scaled', { replicas: 3 })
  await until('a step', () => watcher.replicas('scaled').includes(2))
  await kubectl(['scale', 'deployment/scaled', '--replicas=4'])
  await until('done', () => phase('scaled') === 'Done')
  t.strictSame(watcher.replicas('scaled').slice(-4), [4, 3, 2, 1])
  await kubectl(['scale', 'deployment/scaled', '--replicas=0'])
  await until('zero', () => phase('scaled') === 'ScaledToZero')
  await stage.seconds(1.5)
  t.equal(deployment('scaled')!.spec!.replicas, 0)
  await kubectl(['scale', 'deployment/scaled', '--replicas=2'])
  await until('done again', () => phase('scaled') === 'Done')
  t.strictSame(watcher.replicas('scaled').slice(-3), [0, 2, 1])
})

t.test('a Deployment deleted by hand is made anew with all replicas', async t => {
  await create('lost', { replicas: 3 })
  await until('a step', () => watcher.replicas('lost').includes(2))
  await kubectl(['delete', 'deployment/lost'])
  await until('done', () => phase('lost') === 'Done')
  t.ok(watcher.replicas('lost').slice(2).includes(3), `made anew: ${watcher.replicas('lost')}`)
  t.strictSame(watcher.replicas('lost').slice(-3), [3, 2, 1])
})

t.test('a deleted TopicTen takes its Deployment along; made again at once it starts from the beginning', async t => {
  await create('again', { replicas: 3 })
  await until('a step', () => watcher.replicas('again').includes(2))
  const former = deployment('again')!.metadata!.uid
  await kubectl(['delete', 'topicten/again'])
  await create('again', { replicas: 4 })
  await until('the new Deployment', () => ![undefined, former].includes(deployment('again')?.metadata!.uid))
  await until('done', () => phase('again') === 'Done')
  t.strictSame(watcher.replicas('again').slice(-4), [4, 3, 2, 1])
  await kubectl(['delete', 'topicten/again'])
  await until('collected', () => deployment('again') === undefined)
})

t.test('an orphaned Deployment is adopted by the TopicTen of its name and counts on', async t => {
  await create('orphan', { replicas: 4 })
  await until('a step', () => watcher.replicas('orphan').includes(3))
  const { uid } = deployment('orphan')!.metadata!
  await kubectl(['delete', 'topicten/orphan', '--cascade=orphan'])
  await until('orphaned', () => (deployment('orphan')!.metadata!.ownerReferences ?? []).length === 0)
  await create('orphan', { replicas: 4 })
  await until('done', () => phase('orphan') === 'Done')
  t.equal(deployment('orphan')!.metadata!.uid, uid, 'the same Deployment')
  t.match(deployment('orphan')!.metadata!.ownerReferences, [{ uid: topicTen('orphan')!.metadata.uid }])
  t.strictSame(watcher.replicas('orphan'), [4, 3, 2, 1])
})

t.test('a Deployment of another is left untouched and reported; once it is gone ours is made', async t => {
  const foreign = (labels: object) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'taken', labels },
    spec: {
      selector: { matchLabels: { app: 'x' } },
      template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image: 'c' }] } }
    }
  })
  await kubectl(['create', '--filename=-'], JSON.stringify(foreign({ 'app.lyc-handson-aws.com/topicten': 'taken' })))
  await kubectl(['create', '--filename=-'], JSON.stringify({ ...foreign({}), metadata: { name: 'hidden' } }))
  await create('taken')
  await create('hidden')
  for (const name of ['taken', 'hidden']) {
    await until('stalled', () => condition(name, 'Stalled')?.reason === 'NameTaken')
    t.match(condition(name, 'Ready'), { status: 'False', reason: 'NameTaken', message: /exists and is not ours: it does not carry the label/ })
    t.equal(deployment(name)!.spec!.template.spec!.containers[0]!.image, 'c')
    t.equal(condition(name, 'Reconciling'), undefined)
  }
  await kubectl(['delete', 'deployment/taken'])
  await until('ours', () => condition('taken', 'Ready')?.status === 'True')
  t.equal(condition('taken', 'Stalled'), undefined)
})

t.test('each transition is one Event', async t => {
  const { items } = JSON.parse(await kubectl(['get', 'events.events.k8s.io', '--output=json'])) as { items: EventsV1Event[] }
  const about = (name: string) => items.filter(({ regarding }) => regarding?.kind === 'TopicTen' && regarding.name === name)
    .map(({ type, reason }) => `${type} ${reason}`).sort()
  t.strictSame(about('alpha'), ['Normal Available', 'Normal Done'])
  t.strictSame(about('hidden'), ['Warning NameTaken'])
})

t.test('a leader whose Lease somebody has touched looks whose it is, and goes on', async t => {
  const looks = async () => (await stage.requests()).filter(({ verb, resource, code }) => verb === 'get' && resource === 'leases' && code === 200)
  const { length } = await looks()
  while ((await looks()).length === length) {
    await kubectl(['annotate', 'lease/topicten', `touched=${performance.now()}`, '--overwrite'])
    await stage.seconds(0.6)
  }
  t.ok(stage.operator.leading)
})

t.test('the rights of the chart are those that are used: none is missing, none needless', async t => {
  const recorded = await stage.requests()
  t.strictSame(recorded.filter(({ code }) => code === 401 || code === 403), [])
  const rules = JSON.parse(await kubectl(['get', 'roles', '--output=json'])) as V1RoleList
  const granted = rules.items.flatMap(({ rules = [] }) => rules.flatMap(({ resources = [], verbs }) =>
    resources.flatMap(resource => verbs.map(verb => `${verb} ${resource}`))))
  const used = new Set((await stage.requests({ watches: true })).flatMap(({ verb, resource, code }) =>
    // An apply that makes an object is a patch in the audit log and needs both rights.
    verb === 'patch' && code === 201 ? [`patch ${resource}`, `create ${resource}`] : [`${verb} ${resource}`]))
  t.strictSame(granted.filter(right => !used.has(right)), [], 'a pod that became available twice made its Event a series: that is the patch of events')
})

t.test('the answers that the preconditions rest on', async t => {
  const { client } = watcher
  const path = deployPath(stage.namespace, 'pinned')
  const labels = { 'app.lyc-handson-aws.com/x': 'y' }
  const body = (metadata: object, replicas = 1) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'pinned', ...metadata },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'c' }] } } }
  })
  const apply = (metadata: object, force = true) => client.apply<{ metadata: { uid: string, resourceVersion: string } }>(
    path, body(metadata, 2), { fieldManager: 'topicten', force })
  const status = (promise: Promise<unknown>) => promise.then(() => 200, (error: { status: number }) => error.status)
  t.equal(await status(apply({ uid: 'd9a0f5a8-0000-4000-8000-000000000000', resourceVersion: '5' })), 409, 'observed, but gone since: conflict')
  const { metadata: { uid, resourceVersion } } = await apply({ resourceVersion: '1' })
  t.equal(await status(apply({ resourceVersion: '1' })), 409, 'to be made, but there: conflict')
  await kubectl(['scale', 'deployment/pinned', '--replicas=3'])
  t.equal(await status(apply({ uid, resourceVersion })), 409, 'changed since: conflict')
  t.equal(await status(apply({ uid }, false)), 409, 'without force a hand that scaled blocks us')
  t.equal(await status(apply({ uid })), 200)
  const patch = (metadata: object) => status(client.request('PATCH', path, {
    body: { metadata, spec: { replicas: 1 } }, contentType: 'application/merge-patch+json', query: { fieldManager: 'topicten' }
  }))
  t.equal(await patch({ uid, resourceVersion }), 409, 'a patch on an old version: conflict')
  t.equal(await patch({ uid: 'd9a0f5a8-0000-4000-8000-000000000000', resourceVersion }), 409, 'a patch of a former object of the name: conflict')
  t.equal(await patch({ uid }), 200)
})
