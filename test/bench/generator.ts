import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { latenciesOf, runLoad } from '../../bench/admission-load.ts'
import { makeCertificates } from '../../local/certificates.ts'
import { allowed, parseReview, renderReview } from '../../webhooks/review.ts'

async function startWebhook (t: Test, status = 200) {
  const { serverCertificate: cert, serverKey: key } = await makeCertificates(Date.now())
  const server = createServer({ cert, key }, async (request, answer) => {
    const { uid } = parseReview(JSON.parse(Buffer.concat(await request.toArray() as Buffer[]).toString()))
    answer.writeHead(status).end(renderReview(uid, allowed()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  return {
    port: (server.address() as AddressInfo).port,
    path: '/validate-topicten',
    which: 'validate' as const,
    namespace: 'bench',
    connections: 4,
    rate: 0,
    withinMs: 0,
    warmUpMs: 50,
    durationMs: 300,
    pid: process.pid
  }
}

t.test('a closed loop counts what was answered and the time it took', async t => {
  const { samples, errors, unserved, seconds } = await runLoad(await startWebhook(t))
  t.ok(samples.length > 8)
  t.ok(latenciesOf(samples).every(each => each > 0 && each < 60_000))
  t.strictSame({ errors, unserved }, { errors: 0, unserved: 0 })
  t.ok(seconds >= 0.29)
})

t.test('an open loop sends at its rate, on time by its own account', async t => {
  const { samples, errors, unserved } = await runLoad({ ...await startWebhook(t), rate: 100 })
  t.strictSame({ requests: samples.length / 2, errors, unserved }, { requests: 30, errors: 0, unserved: 0 })
  const due = Array.from(samples.filter((_, index) => index % 2 === 0)).sort((a, b) => a - b)
  t.ok(due.slice(1).every((each, index) => Math.abs(each - (due[index] ?? 0) - 10) < 0.001))
})

t.test('a wrong answer is an error, told in words', async t => {
  const { samples, errors, firstError } = await runLoad({ ...await startWebhook(t, 500), rate: 100 })
  t.strictSame({ right: samples.length, errors }, { right: 0, errors: 30 })
  t.match(firstError, 'HTTP 500')
})

t.test('a server that is not there is no measurement', async t => {
  await t.rejects(runLoad({ ...await startWebhook(t), port: 1 }), /ECONNREFUSED/)
})
