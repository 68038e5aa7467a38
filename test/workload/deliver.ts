import fc from 'fast-check'
import t from 'tap'
import { backOffMs, deliver, maxTries, type Ports } from '../../workload/deliver.ts'
import { newDelivery } from '../../workload/round.ts'

const record = {
  id: 'a', time: '2026-01-02T03:04:05.678Z', namespace: 'default', pod: 'web-1', stream: 'default/web-1/10.0.0.7', message: 'hello'
}
const silent = { worked () {}, failed () {} }
const never = new AbortController().signal
const reset = () => Object.assign(new Error('reset'), { code: 'ECONNRESET' })
const denied = () => Object.assign(new Error('denied'), { name: 'AccessDeniedException' })

/** Ports that note their calls and throw what is next in their row. */
function ports (rows: { encrypt?: unknown[], store?: unknown[], log?: unknown[] }): Ports & { calls: string[] } {
  const calls: string[] = []
  const take = (step: keyof typeof rows): void => {
    calls.push(step)
    const error = rows[step]?.shift()
    if (error !== undefined) throw error
  }
  return {
    calls,
    async encrypt () { take('encrypt'); return { keyArn: 'k', context: true, ciphertext: 'c' } },
    storage: { async prepare () {}, async put () { take('store') } },
    async writeEvent () { take('log') }
  }
}

t.test('all steps are taken in their order', async t => {
  const given = ports({})
  t.match(await deliver(newDelivery(record), given, silent, never), { result: 'complete', delivery: { done: ['encrypt', 'store', 'log'] } })
  t.strictSame(given.calls, ['encrypt', 'store', 'log'])
})

t.test('a step that fails for now is tried again, and those before it are not', async t => {
  const given = ports({ store: [reset()], log: [reset(), reset()] })
  t.match(await deliver(newDelivery(record), given, silent, never), { result: 'complete', delivery: { begun: [] } })
  t.strictSame(given.calls, ['encrypt', 'store', 'store', 'log', 'log', 'log'])
})

t.test('a step that fails too often is left for later, and goes on from there', async t => {
  const given = ports({ store: Array.from({ length: maxTries }, reset) })
  const outcome = await deliver(newDelivery(record), given, silent, never)
  t.match(outcome, { result: 'later', step: 'store', fault: { kind: 'network' }, delivery: { done: ['encrypt'], begun: ['store'] } })
  t.match(await deliver(outcome.delivery, given, silent, never), { result: 'complete' })
  t.equal(given.calls.filter(step => step === 'encrypt').length, 1)
})

t.test('a step that will never work ends it at once', async t => {
  const given = ports({ log: [denied()] })
  const outcome = await deliver(newDelivery(record), given, silent, never)
  t.match(outcome, { result: 'never', step: 'log', fault: { kind: 'denied' }, delivery: { done: ['encrypt', 'store'], begun: [] } })
  t.strictSame(given.calls, ['encrypt', 'store', 'log'])
})

t.test('when the process must end, what was begun and not answered may have worked', async t => {
  const stop = new AbortController()
  const given = ports({})
  given.storage.put = async () => { stop.abort(); throw stop.signal.reason }
  const outcome = await deliver(newDelivery(record), given, silent, stop.signal)
  t.match(outcome, { result: 'later', step: 'store', fault: { kind: 'aborted' }, delivery: { done: ['encrypt'], begun: ['store'] } })
})

t.test('when the process must end, no new attempt begins', async t => {
  const stop = new AbortController()
  const given = ports({})
  given.storage.put = async () => { given.calls.push('store'); setImmediate(() => { stop.abort() }); throw reset() }
  t.match(await deliver(newDelivery(record), given, silent, stop.signal), { result: 'later', fault: { kind: 'network' } })
  t.ok(given.calls.length <= 3)
})

t.test('every attempt is told of', async t => {
  const told: string[] = []
  const observer = {
    worked: (step: string) => { told.push(step) },
    failed: (step: string, { kind }: { kind: string }) => { told.push(`${step}: ${kind}`) }
  }
  await deliver(newDelivery(record), ports({ encrypt: [reset()] }), observer, never)
  t.strictSame(told, ['encrypt: network', 'encrypt', 'store', 'log'])
})

t.test('waits grow and stay below five seconds', async t => {
  t.strictSame([1, 2, 3].map(tries => backOffMs({ kind: 'network' }, tries, 0.5)), [50, 100, 200])
  t.strictSame([1, 2, 3].map(tries => backOffMs({ kind: 'throttled' }, tries, 0.5)), [500, 1000, 2000])
  const anyRandom = fc.double({ min: 0, max: 0.999, noNaN: true })
  t.doesNotThrow(() => fc.assert(fc.property(fc.integer({ min: 1, max: 60 }), anyRandom, (tries, random) => {
    const ms = backOffMs({ kind: 'throttled' }, tries, random)
    return ms >= 0 && ms <= 5000
  })))
})
