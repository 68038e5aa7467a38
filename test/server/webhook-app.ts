import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { issueAuthority, issueLeaf } from '../../server/authority.ts'
import { buildWebhookApp } from '../../server/webhook-app.ts'

const now = Date.now()
const authority = await issueAuthority(now, 3_600_000)
const leaf = await issueLeaf(authority, ['127.0.0.1'], now, 3_600_000)

async function open (t: Test) {
  const app = buildWebhookApp({ lookup: () => undefined, log: { info () {}, error () {} } })
  app.serve(leaf)
  const pool = new Pool(`https://127.0.0.1:${await app.listen('127.0.0.1', 0)}`, { connections: 1, connect: { ca: authority.certificate } })
  t.teardown(async () => {
    await pool.close()
    await app.close()
  })
  const ask = async () => {
    const { headers, body } = await pool.request({ path: '/', method: 'GET' })
    await body.dump()
    return headers['connection']
  }
  return { app, ask }
}

t.test('it is quiet when nobody has asked for a while', async t => {
  const { app, ask } = await open(t)
  await app.quiet(3_600_000)
  await ask()
  const quietMs = 2_000
  let quiet = false
  const waiting = app.quiet(quietMs).then(() => { quiet = true })
  for (const from = performance.now(); performance.now() - from < 1.2 * quietMs;) {
    await delay(20)
    await ask()
  }
  t.notOk(quiet, 'not while somebody asks')
  await waiting
})

t.test('it waits no longer than it is told, whoever asks', async t => {
  const { app, ask } = await open(t)
  await ask()
  await app.quiet(3_600_000, 100)
})

t.test('while it drains each answer ends its connection', async t => {
  const { app, ask } = await open(t)
  t.not(await ask(), 'close')
  app.drain()
  t.equal(await ask(), 'close')
})
