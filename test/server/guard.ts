// Who is let in, and what the API server is asked for it; against a made-up one for what a real one does not do on demand.
import t, { type Test } from 'tap'
import { createClient } from '../../cluster/client.ts'
import { createGuard, type GuardOptions } from '../../server/guard.ts'
import { type Answerer, type Asked, sendJson, sendStatus, startApiServer } from '../fixtures/api-server.ts'
import { keepLog } from '../fixtures/log.ts'

interface Review {
  kind: string
  spec: { token?: string, user?: string, nonResourceAttributes?: { path: string, verb: string } }
}

const reviewOf = ({ body }: Asked) => JSON.parse(body) as Review

/** Knows the token `good` as `prom`, who may only get /metrics. */
const answerer: Answerer = (asked, answer) => {
  const { kind, spec } = reviewOf(asked)
  if (kind === 'TokenReview') {
    sendJson(answer, { status: spec.token?.startsWith('good') ? { authenticated: true, user: { username: 'prom', groups: ['g'], uid: 'u', extra: { e: ['1'] } } } : { error: spec.token } }, 201)
  } else {
    sendJson(answer, { status: { allowed: spec.nonResourceAttributes?.path === '/metrics' && spec.nonResourceAttributes.verb === 'get' } }, 201)
  }
}

async function start (t: Test, options: Partial<GuardOptions> = {}, answers: Answerer = answerer) {
  const server = await startApiServer(t, answers)
  const client = createClient(server.config)
  t.teardown(() => client.close())
  const log = keepLog()
  const clock = { now: 0 }
  return { server, log, clock, guard: createGuard({ client, now: () => clock.now, log, ...options }) }
}

t.test('a token of somebody with the right is let in, and all that is known of him is asked about', async t => {
  const { guard, server } = await start(t)
  t.strictSame(await guard.judge('good', '/metrics', 'get'), { code: 200, user: 'prom' })
  t.strictSame(server.asked.map(({ method, path }) => `${method} ${path}`),
    ['POST /apis/authentication.k8s.io/v1/tokenreviews', 'POST /apis/authorization.k8s.io/v1/subjectaccessreviews'])
  t.strictSame(reviewOf(server.asked[1]!).spec,
    { user: 'prom', groups: ['g'], uid: 'u', extra: { e: ['1'] }, nonResourceAttributes: { path: '/metrics', verb: 'get' } } as Review['spec'])
})

t.test('one without it is told which rule would let him in; an unknown token gets no further', async t => {
  const { guard, server } = await start(t)
  t.strictSame(await guard.judge('good', '/loglevel', 'put'),
    { code: 403, message: 'prom may not put /loglevel: needs a ClusterRole with nonResourceURLs: ["/loglevel"], verbs: ["put"], bound to it' })
  t.strictSame(await guard.judge('bad', '/metrics', 'get'), { code: 401, message: 'the token is not one of this cluster, or has expired' })
  t.equal(server.asked.length, 3)
})

t.test('a yes counts for a minute, a no for ten seconds, each for its path and verb alone', async t => {
  const { guard, server, clock } = await start(t)
  const asks = async (token: string, path: string, verb: string) => {
    const before = server.asked.length
    await guard.judge(token, path, verb)
    return server.asked.length - before
  }
  t.strictSame([await asks('good', '/metrics', 'get'), await asks('bad', '/metrics', 'get'), await asks('good', '/loglevel', 'get')], [2, 1, 2])
  t.strictSame([await asks('good', '/metrics', 'get'), await asks('bad', '/metrics', 'get'), await asks('good', '/loglevel', 'get')], [0, 0, 0])
  t.strictSame([await asks('good', '/metrics', 'put'), await asks('good2', '/metrics', 'get')], [2, 2])
  clock.now = 10_000
  t.strictSame([await asks('good', '/metrics', 'get'), await asks('bad', '/metrics', 'get'), await asks('good', '/loglevel', 'get')], [0, 1, 2])
  clock.now = 60_000
  t.equal(await asks('good', '/metrics', 'get'), 2)
})

t.test('only so many answers are kept, and only so many questions asked at a time', async t => {
  const { guard, server } = await start(t, { mostKept: 2, mostAsked: 2 })
  for (const token of ['bad1', 'bad2', 'bad3', 'bad3', 'bad1']) await guard.judge(token, '/metrics', 'get')
  t.equal(server.asked.length, 4, 'the first was forgotten')
  const codes = await Promise.all(['x', 'x', 'y', 'z'].map(async token => (await guard.judge(token, '/metrics', 'get')).code))
  t.strictSame(codes, [401, 401, 401, 503], 'two with one token are one question')
  t.equal(server.asked.length, 6)
})

t.test('an API server that cannot be asked lets nobody in, is asked again, and no token is in the log', async t => {
  let fault: Answerer = (asked, answer) => { sendJson(answer, { kind: 'Status', message: asked.body, reason: 'InternalError', code: 500 }, 500) }
  const { guard, server, log } = await start(t, {}, (asked, answer) => { fault(asked, answer) })
  const judge = () => guard.judge('good-and-secret', '/metrics', 'get')
  t.strictSame(await judge(), { code: 503, message: 'the API server could not be asked who you are and what you may; try again' })
  fault = (_asked, answer) => { sendStatus(answer, 403, 'Forbidden') }
  t.equal((await judge()).code, 503)
  fault = (_asked, answer) => { answer.socket?.destroy() }
  t.equal((await judge()).code, 503)
  t.equal(server.asked.length, 3)
  t.strictSame(log.lines, [{ level: 'error', message: 'token and rights not reviewed', fields: { status: 500, reason: 'InternalError' } }], 'one line')
  fault = answerer
  t.equal((await judge()).code, 200)
  fault = (_asked, answer) => { answer.socket?.destroy() }
  t.equal((await guard.judge('other-secret', '/metrics', 'get')).code, 503)
  t.notMatch(JSON.stringify(log.lines), /secret/)
  t.equal(log.lines.length, 2, 'the next run of failures is told again')
})
