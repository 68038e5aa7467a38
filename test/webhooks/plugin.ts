import fc from 'fast-check'
import t from 'tap'
import { deadlineMs, type WebhooksOptions } from '../../webhooks/plugin.ts'
import { aPod, buildWebhooks, podRequest, resolved, reviewOf, topicTenRequest } from '../fixtures/admission.ts'
import { faultOfAnswer, smallBody, webhookPaths } from '../fixtures/malformed.ts'
import { goodSpec } from '../fixtures/topicten.ts'

await t.test('the uid is echoed with HTTP 200 whatever the verdict', async t => {
  const { ask } = buildWebhooks(t, {
    lookup: (_, name) => {
      if (name === 'x') throw new Error('API server away')
      return name === 'alpha' ? resolved : undefined
    }
  })
  const labelled = (name: string) => podRequest(aPod(undefined, { labels: { 'app.lyc-handson-aws.com/topicten': name } }))
  t.match(await ask('/mutate-pod', labelled('alpha')), { uid: 'u-1', allowed: true, patchType: 'JSONPatch', patch: /^[\w+/=]+$/ })
  t.match(await ask('/mutate-pod', labelled('none')), { uid: 'u-1', allowed: false, status: { code: 403 } })
  t.match(await ask('/mutate-pod', labelled('x')), { uid: 'u-1', allowed: false, status: { code: 500, message: 'topicten could not judge this: API server away' } })
  t.match(await ask('/mutate-pod', podRequest(null)), { uid: 'u-1', allowed: false, status: { code: 400 } })
  t.strictSame(await ask('/validate-topicten', topicTenRequest(goodSpec)), { uid: 'u-1', allowed: true })
  t.match(await ask('/validate-topicten', topicTenRequest({})), { uid: 'u-1', allowed: false, status: { code: 422, reason: 'Invalid' } })
})

await t.test('a refusal is one line in the log, an approval none, a failure an error', async t => {
  const error = new Error('away')
  const { ask, lines } = buildWebhooks(t, { lookup: async (_, name) => { if (name === 'alpha') throw error } })
  await ask('/validate-topicten', topicTenRequest(goodSpec))
  t.strictSame(lines, [])
  await ask('/validate-topicten', topicTenRequest({ ...goodSpec, replicas: 1 }))
  await ask('/mutate-pod', podRequest(aPod()))
  t.strictSame(lines, [
    {
      level: 'info',
      message: 'admission refused',
      fields: {
        webhook: 'validate-topicten',
        requestUid: 'u-1',
        namespace: 'team',
        name: 'alpha',
        refusal: 'spec.replicas: found "1", which is too few; expected a whole number from 2 to 5'
      }
    },
    { level: 'error', message: 'admission failed', fields: { webhook: 'mutate-pod', requestUid: 'u-1', namespace: 'team', name: undefined, err: error } }
  ])
})

await t.test('each answer is told with its webhook, HTTP code and verdict', async t => {
  const told: unknown[] = []
  const onAnswer: WebhooksOptions['onAnswer'] = (webhook, code, seconds, verdict) => { told.push([webhook, code, seconds >= 0, verdict]) }
  const { send, ask } = buildWebhooks(t, { onAnswer })
  await ask('/validate-topicten', topicTenRequest(goodSpec))
  await ask('/validate-topicten', topicTenRequest({}))
  await ask('/mutate-pod', podRequest(aPod()))
  await ask('/mutate-pod', podRequest({ ...aPod(), spec: 7 }))
  await send('/mutate-pod', '{')
  t.strictSame(told, [
    ['validate-topicten', 200, true, 'allowed'], ['validate-topicten', 200, true, 'denied'],
    ['mutate-pod', 200, true, 'patched'], ['mutate-pod', 200, true, 'denied'], ['mutate-pod', 400, true, 'errored']
  ])
})

await t.test('what is no AdmissionReview gets a 4xx that says why', async t => {
  const { send, app } = buildWebhooks(t)
  const review = JSON.stringify(reviewOf(podRequest(aPod())))
  const cases: [string | Buffer, string, number, RegExp][] = [
    ['', 'application/json', 400, /^the body is no JSON: /], ['{', 'application/json', 400, /^the body is no JSON: /], [review.slice(0, -3), 'application/json', 400, /^the body is no JSON: /],
    ['null', 'application/json', 400, /^the body is no AdmissionReview .*: it must be object\n$/], ['[]', 'application/json', 400, /must be object/],
    ['{"__proto__":{"uid":"x"}}', 'application/json', 400, /must have required property/],
    [Buffer.from([0xff, 0xfe, 0x00]), 'application/json', 400, /^the body is no JSON: /],
    [review, 'text/plain', 415, /Unsupported Media Type/], [review, 'application/yaml', 415, /Unsupported Media Type/],
    [JSON.stringify({ pad: 'x'.repeat(7 * 1024 * 1024) }), 'application/json', 413, /Request body is too large/]
  ]
  for (const path of webhookPaths) {
    for (const [body, type, status, message] of cases) {
      const answer = await send(path, body, type)
      t.match(answer, { status, type: 'text/plain; charset=utf-8', text: message }, `${type} ${body.toString().slice(0, 40)}`)
      t.match(answer.text, /^[ -~]+\n$/, 'in printable ASCII')
    }
  }
  t.equal((await app.inject({ method: 'GET', url: '/mutate-pod' })).statusCode, 404)
  t.equal((await app.inject({ method: 'POST', url: '/mutate-pod' })).statusCode, 400, 'no body at all')
})

await t.test('prototype keys of a pod are data like any other', async t => {
  const { send } = buildWebhooks(t)
  const body = JSON.stringify(reviewOf(podRequest(aPod()))).replace('"metadata":{', '"metadata":{"__proto__":{"a":1},"constructor":{"prototype":{"b":1}},')
  t.match(JSON.parse((await send('/mutate-pod', body)).text), { response: { uid: 'u-1', allowed: true } })
  t.equal(({} as Record<string, unknown>)['a'] ?? ({} as Record<string, unknown>)['b'], undefined)
})

await t.test('the largest review is answered', async t => {
  const { ask } = buildWebhooks(t)
  const pod = aPod(undefined, { labels: { 'app.lyc-handson-aws.com/topicten': 'alpha' }, annotations: { pad: 'x'.repeat(3 * 1024 * 1024) } })
  t.match(await ask('/mutate-pod', podRequest(pod)), { allowed: true, patchType: 'JSONPatch' })
})

await t.test('the time that the API server waits bounds the lookup', async t => {
  const cases: [unknown, number][] = [
    [{ timeout: '5s' }, 4500], [{ timeout: '500ms' }, 450], [{ timeout: '1m0s' }, 27_000], [{ timeout: '1.5s' }, 1350], [{ timeout: '1s500ms' }, 1350],
    [{}, 9000], [{ timeout: 'x' }, 9000], [{ timeout: ['5s', '6s'] }, 9000], [{ timeout: '-5s' }, 9000], [null, 9000], [undefined, 9000]
  ]
  for (const [query, ms] of cases) t.equal(deadlineMs(query), ms, JSON.stringify(query))
  let given = 0
  const { ask } = buildWebhooks(t, { lookup: (_namespace, _name, ms) => { given = ms; return resolved } })
  await ask('/mutate-pod?timeout=2s', podRequest(aPod()))
  t.equal(given, 1800)
})

await t.test('every malformed body gets a valid AdmissionReview or a 4xx that says why', async t => {
  const { send } = buildWebhooks(t)
  await fc.assert(fc.asyncProperty(fc.constantFrom(...webhookPaths), smallBody, async (path, body) => {
    const { status, text } = await send(path, body)
    return faultOfAnswer(status, text) === undefined
  }), { numRuns: 1000 })
  t.pass('1000 bodies')
})
