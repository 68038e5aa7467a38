// Metrics and log level behind the guard: without a socket, and at a running operator with the rights of real ServiceAccounts.
import { request as httpsRequest } from 'node:https'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { admin } from '../../server/admin.ts'
import type { Verdict } from '../../server/guard.ts'
import { sharedControlPlane } from '../fixtures/control-plane.ts'
import { keepLog } from '../fixtures/log.ts'
import { spawnOperator } from '../fixtures/operator.ts'
import { stageWebhooks, untilReady } from '../fixtures/webhooks.ts'

const verdicts: Record<string, Verdict> = { good: { code: 200, user: 'ann' }, weak: { code: 403, message: 'no' }, away: { code: 503, message: 'later' } }

function build (t: Test) {
  const app = Fastify({ logger: false })
  t.teardown(() => app.close())
  const log = keepLog()
  const asked: string[] = []
  const guard = {
    async judge (token: string, path: string, verb: string): Promise<Verdict> {
      asked.push(`${verb} ${path}`)
      return verdicts[token] ?? { code: 401, message: 'unknown' }
    }
  }
  void app.register(admin, { guard, registry: new Registry(), log })
  const ask = async (method: 'GET' | 'PUT', url: string, authorization?: string, payload?: string, type = 'text/plain') => {
    const { statusCode, body, headers } = await app.inject({
      method, url, headers: { ...authorization && { authorization }, ...payload !== undefined && { 'content-type': type } }, ...payload !== undefined && { payload }
    })
    return { code: statusCode, body, challenge: headers['www-authenticate'] }
  }
  return { ask, log, asked }
}

t.test('who shows no token, or one in no form of one, is asked for it; the guard is not troubled', async t => {
  const { ask, asked } = build(t)
  for (const header of [undefined, '', 'Basic Z29vZA==', 'Bearer', 'Bearer a b', 'Bearer "good"']) {
    t.strictSame(await ask('GET', '/metrics', header), { code: 401, body: 'needs a token: Authorization: Bearer TOKEN\n', challenge: 'Bearer' })
  }
  t.strictSame(asked, [])
})

t.test('whatever the guard says is the answer, in words', async t => {
  const { ask, asked } = build(t)
  t.strictSame(await ask('GET', '/metrics', 'Bearer bad'), { code: 401, body: 'unknown\n', challenge: 'Bearer' })
  t.strictSame(await ask('GET', '/loglevel?x=1', 'Bearer weak'), { code: 403, body: 'no\n', challenge: undefined })
  t.strictSame(await ask('PUT', '/loglevel', 'bearer away', 'debug'), { code: 503, body: 'later\n', challenge: undefined })
  t.equal((await ask('GET', '/metrics', 'Bearer good')).code, 200)
  t.strictSame(asked, ['get /metrics', 'get /loglevel', 'put /loglevel', 'get /metrics'])
})

for (const [sentence, payload, type] of [
  ['a word', ' debug\n', 'text/plain'],
  ['an object', '{"level":"debug"}', 'application/json'],
  ['what curl sends', 'debug', 'application/x-www-form-urlencoded'],
  ['a JSON text', '"debug"', 'application/json']
] as const) {
  t.test(`the log level is changed by ${sentence}, and who did so is logged`, async t => {
    const { ask, log } = build(t)
    t.match(await ask('PUT', '/loglevel', 'Bearer good', payload, type), { code: 200, body: 'debug\n' })
    t.match(await ask('GET', '/loglevel', 'Bearer good'), { code: 200, body: 'debug\n' })
    t.strictSame(log.lines, [{ level: 'warn', message: 'log level changed', fields: { from: 'info', to: 'debug', user: 'ann' } }])
  })
}

t.test('what is no level changes nothing and is told what would be one', async t => {
  const { ask, log } = build(t)
  for (const payload of ['loud', '', '{"level":"loud"}', '{"lvl":"debug"}', 'null', '{', '__proto__']) {
    t.match(await ask('PUT', '/loglevel', 'Bearer good', payload), { code: 400, body: /expected one of trace, debug, info, warn, error, fatal, silent/ })
  }
  t.equal((await ask('PUT', '/loglevel', 'Bearer good', 'x'.repeat(2000))).code, 413)
  t.equal((await ask('PUT', '/loglevel', 'Bearer good')).code, 400)
  t.equal(log.level, 'info')
})

t.test('a running operator answers ServiceAccounts by their rights, over TLS only', async t => {
  const plane = await sharedControlPlane(t)
  const { namespace: ns, environment, port } = await stageWebhooks(t, plane)
  const kubectl = (args: string[], input?: string) => plane.kubectl([`--namespace=${ns}`, ...args], input)
  const grant = async (name: string, account: string, role: string) => {
    await plane.kubectl(['create', 'clusterrolebinding', name, `--clusterrole=${role}`, `--serviceaccount=${ns}:${account}`])
    t.teardown(() => plane.kubectl(['delete', 'clusterrolebinding', name]))
  }
  // The rights of the chart with guarded metrics, and those of whoever scrapes.
  await plane.kubectl(['create', 'clusterrole', `${ns}-scraper`, '--verb=get', '--non-resource-url=/metrics'])
  await plane.kubectl(['create', 'clusterrole', `${ns}-loud`, '--verb=get,put', '--non-resource-url=/loglevel'])
  await plane.kubectl(['create', 'clusterrole', `${ns}-reviews`, '--verb=create', '--resource=tokenreviews.authentication.k8s.io,subjectaccessreviews.authorization.k8s.io'])
  t.teardown(() => plane.kubectl(['delete', 'clusterrole', `${ns}-scraper`, `${ns}-loud`, `${ns}-reviews`]))
  for (const account of ['scraper', 'loud', 'nobody']) await kubectl(['create', 'serviceaccount', account])
  await grant(`${ns}-scraper`, 'scraper', `${ns}-scraper`)
  await grant(`${ns}-loud`, 'loud', `${ns}-loud`)
  const tokenOf = async (account: string) => (await kubectl(['create', 'token', account])).trim()
  const [scraper, loud, nobody] = await Promise.all(['scraper', 'loud', 'nobody'].map(tokenOf)) as [string, string, string]
  const expired = (await readFile(await plane.serviceAccountKubeconfig(ns, 'scraper', { expiresInSeconds: -61 }), 'utf8')).match(/ey[\w.-]+/)![0]

  async function ask (method: string, path: string, token?: string, body?: string) {
    const { promise, resolve, reject } = Promise.withResolvers<{ code: number | undefined, body: string }>()
    const request = httpsRequest({ host: '127.0.0.1', port, method, path, rejectUnauthorized: false, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
    request.on('response', answer => { text(answer).then(body => { resolve({ code: answer.statusCode, body }) }, reject) }).on('error', reject)
    request.end(body)
    return await promise
  }

  const operator = await spawnOperator(t, { ...environment, POD_NAME: 'operator', METRICS_AUTH: 'true' })
  await untilReady(operator.url)
  t.equal((await fetch(`${operator.url}/metrics`)).status, 404, 'not in clear text')
  t.equal((await ask('GET', '/metrics')).code, 401)
  t.equal((await ask('GET', '/metrics', scraper)).code, 503, 'the operator may not ask yet')
  await grant(`${ns}-reviews`, 'topicten', `${ns}-reviews`)
  let answer = await ask('GET', '/metrics', scraper)
  for (; answer.code === 503; answer = await ask('GET', '/metrics', scraper)) await new Promise(resolve => setTimeout(resolve, 50))
  t.match(answer, { code: 200, body: /^topicten_uninjected_pods 0$/m })
  t.match(await ask('GET', '/metrics', nobody), { code: 403, body: `system:serviceaccount:${ns}:nobody may not get /metrics` })
  t.equal((await ask('GET', '/metrics', `${scraper.slice(0, -4)}AAAA`)).code, 401)
  t.equal((await ask('GET', '/metrics', expired)).code, 401)
  t.equal((await ask('GET', '/loglevel', scraper)).code, 403)
  t.strictSame(await ask('GET', '/loglevel', loud), { code: 200, body: 'info\n' })
  t.strictSame(await ask('PUT', '/loglevel', loud, 'debug'), { code: 200, body: 'debug\n' })
  t.match(await ask('POST', '/mutate-pod', undefined, '{}'), { code: 415 }, 'a webhook asks for no token')
  await kubectl(['create', 'deployment', 'seen', '--image=x', '--replicas=0'])
  await kubectl(['label', 'deployment', 'seen', 'app.lyc-handson-aws.com/topicten=seen'])
  while (!operator.lines.some(({ level }) => level === 20)) await new Promise(resolve => setTimeout(resolve, 50))
  const log = JSON.stringify(operator.lines)
  for (const token of [scraper, loud, nobody, expired]) t.notOk(log.includes(token.split('.')[2]!), 'no token in the log')
})
