import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { createClient } from '../../cluster/client.ts'
import type { Client, ClientOptions } from '../../cluster/client.ts'
import type { ClusterConfig, Credentials } from '../../cluster/config.ts'
import { sendEvents, sendJson, sendStatus, startApiServer } from '../fixtures/api-server.ts'
import type { Answerer, ApiServer } from '../fixtures/api-server.ts'

async function clientOf (t: Test, answerer: Answerer, options: ClientOptions = {}, credentials?: ClusterConfig['credentials']) {
  const server = await startApiServer(t, answerer, credentials)
  const client = createClient(server.config, options)
  t.teardown(() => client.close())
  return { server, client }
}

const sent = ({ asked }: ApiServer) => asked.map(({ method, path, query, body, headers }) => ({ method, path, query, body, type: headers['content-type'] }))

t.test('a request carries query, body and type, and gives the parsed answer', async t => {
  const { server, client } = await clientOf(t, (_asked, answer) => { sendJson(answer, { name: '€' }) })
  const answer = await client.request('POST', '/api/v1/pods', { query: { a: 'x&y', b: 2, c: true, d: undefined }, body: { name: '€' } })
  t.strictSame(answer, { name: '€' })
  t.strictSame(sent(server), [{
    method: 'POST', path: '/api/v1/pods', query: { a: 'x&y', b: '2', c: 'true' }, body: '{"name":"€"}', type: 'application/json'
  }])
})

t.test('an apply is forced unless told otherwise, and named', async t => {
  const { server, client } = await clientOf(t, (_asked, answer) => { sendJson(answer, {}) })
  await client.apply('/x', { a: 1 }, { fieldManager: 'me' })
  await client.apply('/x', { a: 1 }, { fieldManager: 'me', force: false, query: { dryRun: 'All' } })
  t.strictSame(sent(server).map(({ method, query, type }) => ({ method, query, type })), [
    { method: 'PATCH', query: { fieldManager: 'me', force: 'true' }, type: 'application/apply-patch+yaml' },
    { method: 'PATCH', query: { dryRun: 'All', fieldManager: 'me', force: 'false' }, type: 'application/apply-patch+yaml' }
  ])
})

t.test('a server below a path gets requests below that path', async t => {
  const { server } = await clientOf(t, (_asked, answer) => { sendJson(answer, {}) })
  const client = createClient({ ...server.config, server: `${server.config.server}/clusters/c1/` })
  t.teardown(() => client.close())
  await client.get('/api')
  t.equal(server.asked[0]?.path, '/clusters/c1/api')
})

t.test('an answer that is no JSON comes as text', async t => {
  const { client } = await clientOf(t, (_asked, answer) => { answer.end('ok') })
  t.equal(await client.get('/readyz'), 'ok')
})

t.test('a refusal is an ApiError with its Retry-After, sent once', async t => {
  const { server, client } = await clientOf(t, (_asked, answer) => { sendStatus(answer, 429, 'TooManyRequests', { 'retry-after': '3' }) })
  await t.rejects(client.get('/x'), { name: 'ApiError', status: 429, reason: 'TooManyRequests', retryAfterMs: 3000 })
  t.equal(server.asked.length, 1)
})

t.test('no answer in time is a ConnectionError, and the connection is not used again', async t => {
  let silent = true
  const { client } = await clientOf(t, (_asked, answer) => { if (!silent) sendJson(answer, {}) })
  await t.rejects(client.get('/x', { timeoutMs: 50 }), { name: 'ConnectionError', code: 'ETIMEDOUT', message: /^GET \/x: no answer within \d+ ms$/ })
  silent = false
  t.strictSame(await client.get('/x'), {})
})

t.test('half an answer in time is no answer', async t => {
  const { client } = await clientOf(t, (_asked, answer) => { answer.write('{"a":') })
  await t.rejects(client.get('/x', { timeoutMs: 50 }), { code: 'ETIMEDOUT' })
})

t.test('the wait for a free connection counts against the deadline', async t => {
  const { server, client } = await clientOf(t, () => {}, { connections: 1 })
  const first = client.get('/x', { timeoutMs: 200 })
  await t.rejects(client.get('/y', { timeoutMs: 20 }), { code: 'ETIMEDOUT' })
  await t.rejects(first, { code: 'ETIMEDOUT' })
  t.strictSame(server.asked.map(({ path }) => path), ['/x'])
})

t.test('an aborted request rejects with the reason, before and during', async t => {
  const { client } = await clientOf(t, () => { controller.abort(new Error('enough')) })
  const controller = new AbortController()
  await t.rejects(client.get('/x', { signal: controller.signal }), { message: 'enough' })
  await t.rejects(client.get('/x', { signal: controller.signal }), { message: 'enough' })
})

t.test('a request leaves no listener on a long-lived signal', async t => {
  const { client } = await clientOf(t, (_asked, answer) => { sendJson(answer, {}) })
  const { signal } = new AbortController()
  let listeners = 0
  const count = (by: number, original: (...args: never[]) => void) => (...args: never[]) => {
    listeners += by
    original.apply(signal, args)
  }
  signal.addEventListener = count(1, signal.addEventListener)
  signal.removeEventListener = count(-1, signal.removeEventListener)
  await client.get('/x', { signal })
  t.equal(listeners, 0)
})

t.test('a reset is replayed once for a GET and never for a write', async t => {
  const { server, client } = await clientOf(t, (_asked, answer) => { answer.socket?.resetAndDestroy() })
  await t.rejects(client.get('/x'), { name: 'ConnectionError' })
  await t.rejects(client.request('PATCH', '/x', { body: {} }), { name: 'ConnectionError' })
  t.strictSame(server.asked.map(({ method }) => method), ['GET', 'GET', 'PATCH'])
})

t.test('a server that is not there is a ConnectionError', async t => {
  const client = createClient({ server: 'http://127.0.0.1:1', namespace: undefined, credentials: async () => ({ headers: {}, tls: {} }) })
  t.teardown(() => client.close())
  await t.rejects(client.request('POST', '/x'), { name: 'ConnectionError', code: 'ECONNREFUSED' })
})

/** Credentials that know one newer generation. */
function rotating (): ClusterConfig['credentials'] {
  const [old, fresh] = ['old', 'new'].map((token): Credentials => ({ headers: { authorization: `Bearer ${token}` }, tls: {} })) as [Credentials, Credentials]
  let current = old
  return async refused => {
    if (refused === old) current = fresh
    return current
  }
}

const authorized: Answerer = ({ headers, query }, answer) => {
  if (headers.authorization !== 'Bearer new') sendStatus(answer, 401, 'Unauthorized')
  else if (query['watch'] === 'true') sendEvents(answer, ['ADDED', {}])
  else sendJson(answer, {})
}

t.test('a 401 is repeated once with newer credentials, for requests and watches alike', async t => {
  for (const ask of [askOnce, watchOnce]) {
    const { server, client } = await clientOf(t, authorized, {}, rotating())
    await ask(client)
    t.strictSame(server.asked.map(({ headers }) => headers.authorization), ['Bearer old', 'Bearer new'])
  }
})

t.test('a 401 without newer credentials is not repeated', async t => {
  for (const ask of [askOnce, watchOnce]) {
    const { server, client } = await clientOf(t, authorized)
    await t.rejects(ask(client), { name: 'ApiError', status: 401 })
    t.equal(server.asked.length, 1)
  }
})

async function askOnce (client: Client): Promise<void> {
  await client.request('POST', '/x')
}

async function watchOnce (client: Client): Promise<void> {
  const events = client.watch('/x', {}, { signal: new AbortController().signal, idleTimeoutMs: 10_000 })[Symbol.asyncIterator]()
  await events.next()
  await events.return?.()
}

t.test('new TLS material opens new connections, and what is under way ends in peace', async t => {
  let tls = {}
  const answerer: Answerer = (_asked, answer) => { pending.push(() => { sendJson(answer, {}) }) }
  const { server, client } = await clientOf(t, answerer, {}, async () => ({ headers: {}, tls }))
  const pending: (() => void)[] = []
  const first = client.get('/a')
  while (server.asked.length < 1) await turn()
  tls = {}
  const second = client.get('/b')
  while (server.asked.length < 2) await turn()
  for (const answer of pending) answer()
  t.strictSame(await Promise.all([first, second]), [{}, {}])
})

t.test('each exchange is told with its verb and code', async t => {
  const told: string[] = []
  const { client } = await clientOf(t, ({ path, query }, answer) => {
    if (query['watch'] === 'true') sendEvents(answer, ['ADDED', {}])
    else if (path === '/x') sendJson(answer, {})
    else answer.socket?.destroy()
  }, { onRequest: ({ verb, code, seconds }) => { told.push(`${verb} ${code} ${seconds >= 0}`) } })
  await client.get('/x')
  await watchOnce(client)
  await t.rejects(client.request('PUT', '/y'))
  t.strictSame(told, ['GET 200 true', 'WATCH 200 true', 'PUT error true'])
})

t.test('a closed client rejects', async t => {
  const { client } = await clientOf(t, () => {})
  const pending = client.request('POST', '/x', { timeoutMs: 60_000 })
  await turn()
  await client.close()
  await t.rejects(pending, { name: 'ConnectionError' })
  await t.rejects(client.request('POST', '/x'), { name: 'ConnectionError' })
})
