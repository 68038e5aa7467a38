import { once } from 'node:events'
import t from 'tap'
import { type Controller, type ControllerOptions, createController } from '../../reconciler/controller.ts'
import type { Result } from '../../reconciler/reconcile.ts'
import { keepLog } from '../fixtures/log.ts'

class Conflict extends Error {}

function control (reconcile: ControllerOptions['reconcile'], rest: Partial<ControllerOptions> = {}): { controller: Controller, log: ReturnType<typeof keepLog>, outcomes: string[] } {
  const log = keepLog()
  const outcomes: string[] = []
  const controller = createController({
    reconcile,
    keys: () => ['a'],
    concurrency: 2,
    guard () {},
    retryAfterMs: () => undefined,
    isConflict: error => error instanceof Conflict,
    onReconciled: outcome => { outcomes.push(outcome) },
    log,
    ...rest
  })
  return { controller, log, outcomes }
}

/** Reconciles one key through the given results in turn, and says what became of each. */
async function follow (results: Array<Result | Error>): Promise<{ outcomes: string[], logged: string[] }> {
  const left = [...results]
  const { controller, log, outcomes } = control(async () => {
    const result = left.shift()!
    if (left.length === 0) queueMicrotask(() => { void controller.drain() })
    if (result instanceof Error) throw result
    return result
  })
  await controller.lead(new AbortController().signal)
  return { outcomes, logged: log.lines.map(({ level, message }) => `${level} ${message}`) }
}

t.test('a reconcile that asks for another look gets it, one that is done ends', async t => {
  t.strictSame(await follow([{ outcome: 'again', afterMs: 1 }, { outcome: 'again', afterMs: 0 }, { outcome: 'done' }]),
    { outcomes: ['again', 'again', 'done'], logged: [] })
})

t.test('a failure is logged once and tried again, a conflict is no fault', async t => {
  t.strictSame(await follow([new Error('reset'), new Conflict(), { outcome: 'gone' }]), {
    outcomes: ['error', 'error', 'gone'], logged: ['error reconcile failed', 'debug changed meanwhile, looking again', 'debug gone']
  })
})

t.test('a terminal error with a time is looked at again then', async t => {
  const fault = { reason: 'NameTaken', message: '' } as const
  t.strictSame((await follow([{ outcome: 'terminal', fault, afterMs: 1 }, { outcome: 'terminal', fault }])).outcomes, ['terminal', 'terminal'])
})

t.test('lost leadership aborts what is in hand, drops the queue and logs no fault', async t => {
  const leadership = new AbortController()
  let started = 0
  const { controller, log } = control(async (_key, signal) => {
    started++
    queueMicrotask(() => leadership.abort())
    await once(signal, 'abort')
    throw signal.reason
  }, { keys: () => ['a', 'b', 'c', 'd'] })
  await controller.lead(leadership.signal)
  t.equal(started, 2, 'two workers had one each; the others were never begun')
  t.strictSame(log.lines, [])
  t.equal(controller.activeWorkers, 0)
})

t.test('it leads again after it lost', async t => {
  const lost = AbortSignal.abort()
  const seen: string[] = []
  const { controller } = control(async key => {
    seen.push(key)
    queueMicrotask(() => { void controller.drain() })
    return { outcome: 'done' }
  })
  await controller.lead(lost)
  await controller.lead(new AbortController().signal)
  t.strictSame(seen, ['a'])
})

t.test('draining waits for what is in hand', async t => {
  const { promise, resolve } = Promise.withResolvers<Result>()
  let began = () => {}
  const begun = new Promise<void>(resolve => { began = resolve })
  const { controller, outcomes } = control(async () => {
    began()
    return await promise
  }, { now: () => outcomes.length })
  void controller.lead(new AbortController().signal)
  await begun
  const drained = controller.drain()
  t.equal(controller.activeWorkers, 1)
  t.equal(controller.longestWorkSeconds, 0)
  resolve({ outcome: 'done' })
  await drained
  t.strictSame(outcomes, ['done'])
})

t.test('a key is reconciled when it changes, and not before this process leads', async t => {
  const seen: string[] = []
  const { controller } = control(async key => {
    seen.push(key)
    if (key === 'a') controller.enqueue('b')
    else queueMicrotask(() => { void controller.drain() })
    return { outcome: 'done' }
  })
  controller.enqueue('z')
  await controller.lead(new AbortController().signal)
  t.strictSame(seen, ['a', 'b'])
})
