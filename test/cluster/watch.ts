import t from 'tap'
import type { Test } from 'tap'
import { createClient } from '../../cluster/client.ts'
import type { WatchEvent } from '../../cluster/watch.ts'
import { parseWatchLine } from '../../cluster/watch.ts'
import { sendEvents, sendStatus, startApiServer } from '../fixtures/api-server.ts'
import type { Answerer } from '../fixtures/api-server.ts'

const never = new AbortController().signal

/** Watches until the stream ends or fails; gives what came and how it ended. */
async function watchAll (t: Test, answerer: Answerer, { idleTimeoutMs = 10_000, timeoutMs = 10_000, signal = never } = {}) {
  const server = await startApiServer(t, answerer)
  const client = createClient(server.config, { timeoutMs })
  t.teardown(() => client.close())
  const events: WatchEvent[] = []
  try {
    for await (const event of client.watch('/x', { resourceVersion: '1' }, { signal, idleTimeoutMs })) events.push(event)
    return { events, error: undefined, server }
  } catch (error) {
    return { events, error, server }
  }
}

t.test('events come in order until the stream ends', async t => {
  const { events, error, server } = await watchAll(t, (_asked, answer) => {
    sendEvents(answer, ['ADDED', { a: 1 }], ['BOOKMARK', { b: 2 }])
    answer.end()
  })
  t.strictSame([events, error], [[{ type: 'ADDED', object: { a: 1 } }, { type: 'BOOKMARK', object: { b: 2 } }], undefined])
  t.strictSame(server.asked[0]?.query, { resourceVersion: '1', watch: 'true' })
})

t.test('a large event in many chunks comes whole', async t => {
  const object = { text: '€'.repeat(1_000_000) }
  const { events } = await watchAll(t, (_asked, answer) => {
    sendEvents(answer, ['ADDED', object])
    answer.end()
  })
  t.strictSame(events, [{ type: 'ADDED', object }])
})

t.test('half a line at the end of a stream is dropped', async t => {
  const { events, error } = await watchAll(t, (_asked, answer) => {
    sendEvents(answer, ['ADDED', {}])
    answer.end('{"type":"ADD')
  })
  t.strictSame([events.length, error], [1, undefined])
})

t.test('a reset in the middle of a line is a ConnectionError, after the events before it', async t => {
  const { events, error } = await watchAll(t, (_asked, answer) => {
    sendEvents(answer, ['ADDED', {}])
    answer.write('{"type":"ADD', () => { setTimeout(() => { answer.socket?.resetAndDestroy() }, 20) })
  })
  t.equal(events.length, 1)
  t.match(error, { name: 'ConnectionError' })
})

t.test('silence longer than the idle time-out ends the watch', async t => {
  const { events, error } = await watchAll(t, (_asked, answer) => { sendEvents(answer, ['ADDED', {}]) }, { idleTimeoutMs: 50 })
  t.equal(events.length, 1)
  t.match(error, { code: 'ETIMEDOUT', message: 'GET /x: not a byte within 50 ms' })
})

t.test('each byte starts the idle time-out anew', async t => {
  const { events, error } = await watchAll(t, (_asked, answer) => {
    let left = 10
    const timer = setInterval(() => {
      sendEvents(answer, ['BOOKMARK', {}])
      if (--left === 0) { clearInterval(timer); answer.end() }
    }, 50)
  }, { idleTimeoutMs: 300 })
  t.strictSame([events.length, error], [10, undefined])
})

t.test('an answer that does not start is a ConnectionError', async t => {
  const { error } = await watchAll(t, () => {}, { timeoutMs: 50 })
  t.match(error, { code: 'ETIMEDOUT', message: 'GET /x: no answer within 50 ms' })
})

t.test('a refusal is an ApiError', async t => {
  const { error } = await watchAll(t, (_asked, answer) => { sendStatus(answer, 410, 'Expired', { 'retry-after': '2' }) })
  t.match(error, { name: 'ApiError', status: 410, reason: 'Expired', retryAfterMs: 2000 })
})

t.test('an ERROR event is an ApiError', async t => {
  const { error } = await watchAll(t, (_asked, answer) => { sendEvents(answer, ['ERROR', { code: 410, reason: 'Expired', message: 'too old' }]) })
  t.match(error, { name: 'ApiError', status: 410, reason: 'Expired', message: 'WATCH /x: 410 Expired: too old' })
})

t.test('a signal ends the watch without an error, before and during', async t => {
  const controller = new AbortController()
  const answerer: Answerer = (_asked, answer) => {
    sendEvents(answer, ['ADDED', {}])
    setTimeout(() => { controller.abort() }, 50)
  }
  const first = await watchAll(t, answerer, { signal: controller.signal })
  t.strictSame([first.events.length, first.error], [1, undefined])
  const second = await watchAll(t, answerer, { signal: controller.signal })
  t.strictSame([second.events.length, second.error, second.server.asked.length], [0, undefined, 0])
})

t.test('leaving the loop closes the connection', async t => {
  const closed = Promise.withResolvers<void>()
  const server = await startApiServer(t, (_asked, answer) => {
    answer.on('close', closed.resolve)
    sendEvents(answer, ['ADDED', {}])
  })
  const client = createClient(server.config)
  t.teardown(() => client.close())
  const events = client.watch('/x', {}, { signal: never, idleTimeoutMs: 10_000 })[Symbol.asyncIterator]()
  await events.next()
  await events.return?.()
  await closed.promise
  t.pass('closed')
})

const noEvents = { 'half an object': '{"type":', null: 'null', 'no object': '{"type":"ADDED"}', 'a null object': '{"type":"ADDED","object":null}' }
for (const [name, line] of Object.entries(noEvents)) {
  t.test(`${name} is no event`, async t => { t.throws(() => parseWatchLine(Buffer.from(line), 'WATCH /x'), SyntaxError) })
}

t.test('an ERROR without a code counts as the server\'s fault', async t => {
  t.throws(() => parseWatchLine(Buffer.from('{"type":"ERROR","object":{}}'), 'WATCH /x'), { name: 'ApiError', status: 500 })
})
