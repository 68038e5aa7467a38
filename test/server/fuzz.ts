// The HTTPS webhooks under bodies that no API server would send.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { Pool } from 'undici'
import { issueAuthority, issueLeaf } from '../../server/authority.ts'
import { buildWebhookApp } from '../../server/webhook-app.ts'
import { resolved } from '../fixtures/admission.ts'
import { bigBody, faultOfAnswer, smallBody, webhookPaths } from '../fixtures/malformed.ts'

const small = 100_000
const big = 100
const connections = 16
const seed = Number(process.env['TOPICTEN_FUZZ_SEED'] ?? Date.now() % 2 ** 31)
/** What the process may hold more than before: less than the bodies had, small or large. */
const spareMiB = 48

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** MiB that are held by objects and buffers. A connection holds its last request until the next: small ones make that alike. */
async function held (): Promise<number> {
  await fuzz(smallBody, 1000, seed)
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}

/** How many MiB more than `before` are held, once what is closing has closed: on a busy machine that may take some seconds. */
async function heldMore (before: number): Promise<number> {
  for (let tries = 1; ; tries++) {
    const more = Math.round(await held() - before)
    if (more < spareMiB || tries === 10) return more
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

const now = Date.now()
const authority = await issueAuthority(now, 3_600_000)
const app = buildWebhookApp({ lookup: (_, name) => name === 'alpha' ? resolved : undefined, log: { info () {}, error () {} } })
app.serve(await issueLeaf(authority, ['127.0.0.1'], now, 3_600_000))
const pool = new Pool(`https://127.0.0.1:${await app.listen('127.0.0.1', 0)}`, { connections, connect: { ca: authority.certificate } })
t.teardown(async () => {
  await pool.close()
  await app.close()
})

interface Fuzzed {
  /** What was no good answer, each with its body. */
  faults: string[]
  statuses: Record<number, number>
  /** As many were sent. */
  bytes: number
}

async function fuzz (arbitrary: fc.Arbitrary<string>, count: number, seed: number): Promise<Fuzzed> {
  const cases = fc.sample(fc.tuple(fc.constantFrom(...webhookPaths), arbitrary), { numRuns: count, seed })
  const faults: string[] = []
  const statuses: Record<number, number> = {}
  let bytes = 0
  await Promise.all(Array.from({ length: connections }, async () => {
    for (let next = cases.pop(); next; next = cases.pop()) {
      const [path, body] = next
      const told = await ask(path, body).catch((error: Error) => ({ status: 0, fault: `no answer: ${error.message}` }))
      bytes += body.length
      statuses[told.status] = (statuses[told.status] ?? 0) + 1
      if (told.fault !== undefined) faults.push(`${path} ${JSON.stringify(body.slice(0, 300))}: ${told.fault}`)
    }
  }))
  return { faults, statuses, bytes }
}

async function ask (path: string, body: string): Promise<{ status: number, fault: string | undefined }> {
  const { statusCode: status, body: answer } = await pool.request({ path, method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return { status, fault: faultOfAnswer(status, await answer.text()) }
}

t.comment(`seed ${seed}`)

t.test(`${small} small malformed bodies are each answered, and leave nothing behind`, async t => {
  const before = await held()
  const statuses: Record<number, number> = {}
  for (let batch = 1; batch <= small / 5000; batch++) {
    const done = await fuzz(smallBody, 5000, seed + batch)
    t.strictSame(done.faults, [], `batch ${batch}`)
    for (const [status, count] of Object.entries(done.statuses)) statuses[Number(status)] = (statuses[Number(status)] ?? 0) + count
  }
  t.comment(statuses)
  t.equal(Object.values(statuses).reduce((sum, count) => sum + count, 0), small)
  t.ok(statuses[200]! > small / 20 && statuses[400]! > small / 20, 'some were reviews, some were none')
  const more = await heldMore(before)
  t.ok(more < spareMiB, `the memory is back: ${more} MiB more`)
})

t.test(`${big} large malformed bodies are each answered, and leave nothing behind`, async t => {
  await fuzz(bigBody, 5, seed)
  const before = await held()
  let bytes = 0
  for (let batch = 1; batch <= big / 10; batch++) {
    const done = await fuzz(bigBody, 10, seed + batch)
    t.strictSame(done.faults, [], `batch ${batch}: ${JSON.stringify(done.statuses)}`)
    bytes += done.bytes
  }
  t.ok(bytes > 100 * 2 ** 20, 'they were large')
  const more = await heldMore(before)
  t.ok(more < spareMiB, `the memory is back: ${more} MiB more`)
})
