import t from 'tap'
import type { Test } from 'tap'
import { createClient } from '../../cluster/client.ts'
import { loadClusterConfig } from '../../cluster/config.ts'
import { createEventRecorder } from '../../cluster/events.ts'
import type { EventRecorderOptions, Occurrence } from '../../cluster/events.ts'
import { sendJson, sendStatus, startApiServer } from '../fixtures/api-server.ts'
import type { Answerer } from '../fixtures/api-server.ts'
import { namespace, sharedControlPlane } from '../fixtures/control-plane.ts'
import { keepLog } from '../fixtures/log.ts'

const occurrence: Occurrence = {
  regarding: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'ns', name: 'a', uid: 'u1', resourceVersion: '7' },
  type: 'Warning',
  reason: 'Broken',
  action: 'Mend',
  note: 'it broke'
}
const who = { reportingController: 'example.com/tests', reportingInstance: 'test-1' }
const now = () => new Date('2026-01-02T03:04:05.678Z')

async function recorderOn (t: Test, answerer: Answerer, options: Partial<EventRecorderOptions> = {}) {
  const server = await startApiServer(t, answerer)
  const client = createClient(server.config)
  t.teardown(() => client.close())
  const log = keepLog()
  const recorder = createEventRecorder({ client, ...who, log, now, ...options })
  const asked = () => server.asked.map(({ method, path, body }) => ({ method, path, body: JSON.parse(body) as Record<string, unknown> }))
  return { recorder, log, asked }
}

const accept: Answerer = (_asked, answer) => { sendJson(answer, {}, 201) }

t.test('an occurrence is one Event, its repeats a series that counts', async t => {
  const { recorder, asked } = await recorderOn(t, accept)
  recorder.record(occurrence)
  await recorder.flush()
  recorder.record(occurrence)
  await recorder.flush()
  const [first, second] = asked()
  const { metadata, ...event } = first!.body
  t.match(metadata, { namespace: 'ns', name: /^a\.[0-9a-f]{16}$/ })
  t.strictSame(event, {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    eventTime: '2026-01-02T03:04:05.678000Z',
    ...who,
    ...occurrence
  })
  t.strictSame(second, {
    method: 'PATCH',
    path: `${first!.path}/${(metadata as { name: string }).name}`,
    body: { series: { count: 2, lastObservedTime: '2026-01-02T03:04:05.678000Z' } }
  })
})

t.test('repeats that come while the first is written become one count', async t => {
  const { recorder, asked } = await recorderOn(t, accept)
  for (let i = 0; i < 5; i++) recorder.record(occurrence)
  await recorder.stop()
  t.match(asked().map(({ method, body }) => [method, body['series']]), [['POST', undefined], ['PATCH', { count: 5 }]])
})

const others: Record<string, Partial<Occurrence>> = {
  'another object': { regarding: { ...occurrence.regarding, uid: 'u2' } },
  'another reason': { reason: 'Other' },
  'another note': { note: 'it broke again' }
}
for (const [name, other] of Object.entries(others)) {
  t.test(`${name} is another Event`, async t => {
    const { recorder, asked } = await recorderOn(t, accept)
    recorder.record(occurrence)
    recorder.record({ ...occurrence, ...other })
    await recorder.stop()
    t.strictSame(asked().map(({ method }) => method), ['POST', 'POST'])
  })
}

t.test('a repeat after the Event expired is a new Event', async t => {
  const { recorder, asked } = await recorderOn(t, ({ method }, answer) => {
    if (method === 'PATCH') sendStatus(answer, 404, 'NotFound')
    else sendJson(answer, {}, 201)
  })
  recorder.record(occurrence)
  await recorder.flush()
  recorder.record(occurrence)
  await recorder.stop()
  t.match(asked().map(({ method, body }) => [method, body['series']]), [['POST', undefined], ['PATCH', { count: 2 }], ['POST', undefined]])
})

t.test('a run of failures is logged once, a namespace that goes not at all', async t => {
  let status = 403
  const { recorder, log, asked } = await recorderOn(t, (_asked, answer) => {
    if (status === 404) sendStatus(answer, 404, 'NotFound')
    else if (status === 200) sendJson(answer, {}, 201)
    else sendJson(answer, { code: 403, reason: 'Forbidden', details: status === 403 ? { causes: [{ reason: 'NamespaceTerminating' }] } : {} }, 403)
  })
  for (const next of [403, 404, 1, 1, 200, 1]) {
    status = next
    recorder.record({ ...occurrence, note: `${asked().length}` })
    await recorder.flush()
  }
  t.strictSame(log.lines.map(({ level, message }) => [level, message]), [['warn', 'event not written'], ['warn', 'event not written']])
})

t.test('a queue that is full drops what comes, and a stopped recorder takes nothing', async t => {
  const { recorder, asked } = await recorderOn(t, accept, { queueLimit: 2 })
  for (let i = 0; i < 10; i++) recorder.record({ ...occurrence, note: `${i}` })
  await recorder.stop()
  recorder.record(occurrence)
  await recorder.flush()
  t.equal(asked().length, 3)
})

t.test('the least recent series is forgotten first', async t => {
  const { recorder, asked } = await recorderOn(t, accept, { seriesLimit: 2 })
  for (const note of ['a', 'b', 'a', 'c', 'a', 'b']) {
    recorder.record({ ...occurrence, note })
    await recorder.flush()
  }
  t.strictSame(asked().map(({ method }) => method), ['POST', 'POST', 'PATCH', 'POST', 'PATCH', 'POST'])
})

t.test('a real API server takes a first Event, its series, a note of any length, and one about what has no namespace', async t => {
  const plane = await sharedControlPlane(t)
  const ns = await namespace(t, plane)
  const client = createClient(loadClusterConfig({ kubeconfig: plane.kubeconfig }))
  t.teardown(() => client.close())
  const log = keepLog()
  const recorder = createEventRecorder({ client, ...who, log })
  const regarding = { ...occurrence.regarding, namespace: ns }
  for (let i = 0; i < 3; i++) {
    recorder.record({ ...occurrence, regarding, note: '€'.repeat(1000) })
    await recorder.flush()
  }
  recorder.record({ ...occurrence, regarding: { apiVersion: 'v1', kind: 'Namespace', name: ns, uid: 'u2' } })
  recorder.record({ ...occurrence, regarding: { ...regarding, namespace: `${ns}-absent` } })
  await recorder.stop()
  const { items } = await client.get<{ items: Record<string, unknown>[] }>(`/apis/events.k8s.io/v1/namespaces/${ns}/events`)
  t.match(items.filter(({ reason }) => reason === 'Broken'), [{ note: `${'€'.repeat(340)}…`, series: { count: 3 }, reportingController: 'example.com/tests' }])
  t.strictSame(log.lines, [])
})
