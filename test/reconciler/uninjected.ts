// Which pods lack their variables; and on a real API server: pods made while no webhook answered, counted and told of until they are gone.
import type { V1Pod } from '@kubernetes/client-node'
import t from 'tap'
import { injectedVariables, topicTenLabel } from '../../api/names.ts'
import type { TopicTen } from '../../api/topicten.ts'
import { createClient } from '../../cluster/client.ts'
import { createUninjected, lacksVariables } from '../../reconciler/uninjected.ts'
import type { Transition } from '../../reconciler/transitions.ts'
import { listOf, sendEvents, sendJson, startApiServer } from '../fixtures/api-server.ts'
import { sharedControlPlane } from '../fixtures/control-plane.ts'
import { keepLog } from '../fixtures/log.ts'
import { runOperator } from '../fixtures/operator.ts'
import { aTopicTen, manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'
import { stageWebhooks, untilReady } from '../fixtures/webhooks.ts'

const env = injectedVariables.map(name => ({ name, value: 'x' }))
const good = { name: 'c', env: [{ name: 'MINE', value: '1' }, ...env] }
const bad = { name: 'c', env: env.slice(1) }
const none = { name: 'c' }

for (const [sentence, pod, expected] of [
  ['a pod with all variables in all containers lacks none', { spec: { containers: [good, good], initContainers: [good] } }, false],
  ['one without any does', { spec: { containers: [none] } }, true],
  ['so does one with a container that lacks one', { spec: { containers: [good, bad] } }, true],
  ['or an init container', { spec: { containers: [good], initContainers: [none] } }, true],
  ['an ephemeral container never gets any', { spec: { containers: [good], ephemeralContainers: [none] } }, false],
  ['a pod that has ended needs none', { spec: { containers: [none] }, status: { phase: 'Succeeded' } }, false],
  ['nor one that failed', { spec: { containers: [none] }, status: { phase: 'Failed' } }, false],
  ['nor one that is being deleted', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: { containers: [none] } }, false],
  ['nor what is no pod at all', {}, false]
] as const) {
  t.test(sentence, async t => { t.equal(lacksVariables(pod as unknown as V1Pod), expected) })
}

const podOf = (name: string, version: number, container: object, topicTen = 'alpha') => ({
  metadata: { name, namespace: 'team', resourceVersion: String(version), labels: { [topicTenLabel]: topicTen } }, spec: { containers: [container] }
})

t.test('a TopicTen is told of once, with some names, and again when the last such pod is gone', async t => {
  let send: (...events: [type: string, object: unknown][]) => void = () => {}
  const first = ['g', 'b', 'c', 'd', 'e', 'f', 'a'].map((name, index) => podOf(name, index + 1, none))
  const server = await startApiServer(t, ({ query }, answer) => {
    if (query['watch'] === undefined) sendJson(answer, listOf(10, [...first, podOf('fine', 8, good), podOf('stray', 9, none, 'nobody')]))
    else send = (...events) => { sendEvents(answer, ...events) }
    send()
  })
  const client = createClient(server.config)
  t.teardown(() => client.close())
  const told: Transition[] = []
  const topicTens = new Map<string, TopicTen>([['team/alpha', aTopicTen()]])
  const uninjected = createUninjected({
    client, namespace: 'team', topicTen: key => topicTens.get(key), onTransition: transition => { told.push(transition) }, settleMs: 20, log: keepLog()
  })
  const until = async (holds: () => boolean) => { while (!holds()) await new Promise(resolve => setTimeout(resolve, 5)) }
  t.equal(uninjected.count, 0, 'nobody watches before it leads')
  const term = new AbortController()
  uninjected.lead(term.signal)
  await until(() => told.length === 1 && server.asked.length === 2)
  t.equal(uninjected.count, 8)
  t.match(server.asked[0], { path: '/api/v1/namespaces/team/pods', query: { labelSelector: topicTenLabel, fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' } })
  t.strictSame(told[0], {
    regarding: { apiVersion: 'app.lyc-handson-aws.com/v1alpha1', kind: 'TopicTen', namespace: 'team', name: 'alpha', uid: 'uid-1', resourceVersion: '10' },
    type: 'Warning',
    reason: 'UninjectedPods',
    action: 'Reconcile',
    note: 'made while no webhook answered, or labelled later, and without their variables: a, b, c, d, e and 2 more; delete them, and what made them makes new ones that have all'
  })
  send(['ADDED', podOf('h', 11, none)], ['DELETED', podOf('stray', 12, none, 'nobody')])
  send(...[...first, podOf('h', 11, none)].map((pod, index) => ['DELETED', { ...pod, metadata: { ...pod.metadata, resourceVersion: String(20 + index) } }] as [string, object]))
  await until(() => told.length === 2)
  t.equal(uninjected.count, 0)
  t.match(told[1], { type: 'Normal', reason: 'PodsInjected', note: 'no pod lacks its variables any more' })
  send(['MODIFIED', podOf('fine', 40, good)], ['MODIFIED', podOf('fine', 41, bad)])
  await until(() => told.length === 3)
  t.match(told[2], { type: 'Warning', note: /without their variables: fine; delete/ })
  term.abort()
  t.equal(uninjected.count, 0, 'nor after')
})

t.test('pods made while no webhook answered, and one labelled later, are in metrics and Events until they are deleted', async t => {
  const plane = await sharedControlPlane(t)
  const { namespace: ns, configuration, environment, install } = await stageWebhooks(t, plane)
  const kubectl = (args: string[], input?: string) => plane.kubectl([`--namespace=${ns}`, ...args], input)
  // A right the chart gives where webhooks are on.
  await kubectl(['create', 'role', 'pods', '--verb=list,watch', '--resource=pods'])
  await kubectl(['create', 'rolebinding', 'pods', '--role=pods', `--serviceaccount=${ns}:topicten`])
  const watcher = await watchNamespace(t, plane, ns)
  const operator = await runOperator(t, environment)
  await untilReady(operator.url)
  const gauge = async () => Number(/^topicten_uninjected_pods (\d+)$/m.exec(await (await fetch(`${operator.url}/metrics`)).text())?.[1])
  const reasons = () => operator.log.lines.filter(({ message }) => message === 'transition').map(({ fields }) => fields['reason'])
  const broken = ['validatingwebhookconfiguration', 'mutatingwebhookconfiguration'].map(kind => `${kind}/${configuration}`)
  await plane.kubectl(['delete', ...broken])
  await kubectl(['create', '--filename=-'], JSON.stringify(manifest('alpha', { replicas: 2 })))
  await kubectl(['run', 'later', '--image=x'])
  await kubectl(['label', 'pod', 'later', `${topicTenLabel}=alpha`])
  await watcher.until('a warning', () => reasons().includes('UninjectedPods'))
  t.ok(await gauge() >= 2)
  const eventsOf = async (reason: string) => (JSON.parse(await kubectl(['get', 'events.v1.events.k8s.io', '--output=json'])) as {
    items: Array<{ reason: string, type: string, note: string, regarding: { kind: string, name: string } }>
  }).items.filter(event => event.reason === reason)
  let events = await eventsOf('UninjectedPods')
  for (; events.length === 0; events = await eventsOf('UninjectedPods')) await new Promise(resolve => setTimeout(resolve, 100))
  t.match(events, [{ type: 'Warning', regarding: { kind: 'TopicTen', name: 'alpha' }, note: /without their variables: .*; delete them/ }])
  await install()
  await untilReady(operator.url)
  while (await kubectl(['run', 'probe', '--image=x', '--dry-run=server', `--labels=${topicTenLabel}=alpha`, '--output=json']).then(text => !text.includes('STORAGE_ARN'), () => true)) { /* until the configurations are trusted again */ }
  await kubectl(['delete', 'pods', `--selector=${topicTenLabel}`, '--grace-period=0', '--force'])
  await watcher.until('all is well', () => reasons().includes('PodsInjected'))
  while (await gauge() !== 0) await new Promise(resolve => setTimeout(resolve, 100))
  t.strictSame(reasons().filter(reason => String(reason).includes('Pods')), ['UninjectedPods', 'PodsInjected'], 'each is told once')
})
