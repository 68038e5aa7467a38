// The control loop: workers take keys while this process leads, and one place decides what follows a reconcile.
import type { Logger } from '../cluster/logger.ts'
import { createQueue, type Queue, type QueueObserver } from './queue.ts'
import type { Result } from './reconcile.ts'

export interface ControllerOptions {
  reconcile: (key: string, signal: AbortSignal, guard: () => void) => Promise<Result>
  /** All keys there are, put in line when this process starts to lead. */
  keys: () => Iterable<string>
  concurrency: number
  /** Called before each write; throws when the lease may be gone. */
  guard: () => void
  /** Milliseconds that an error asks to wait (Retry-After), and whether it is a conflict, which only calls for another look. */
  retryAfterMs: (error: unknown) => number | undefined
  isConflict: (error: unknown) => boolean
  queueObserver?: QueueObserver
  /** Told of each reconcile, for metrics. */
  onReconciled?: (outcome: Result['outcome'] | 'error', seconds: number) => void
  now?: () => number
  log: Logger
}

export interface Controller {
  /** Works until `signal` aborts, which drops the queue and aborts the requests in hand, or until `drain`. */
  lead (signal: AbortSignal): Promise<void>
  enqueue (key: string): void
  /** Drops the queue and resolves when the reconciles in hand are finished. */
  drain (): Promise<void>
  /** Seconds that the slowest reconcile in hand has taken so far. */
  readonly longestWorkSeconds: number
  readonly activeWorkers: number
}

export function createController (options: ControllerOptions): Controller {
  const { reconcile, keys, concurrency, guard, queueObserver, onReconciled = () => {}, now = () => performance.now(), log } = options
  const started = new Map<string, number>()
  let queue: Queue | undefined
  let workers: Promise<unknown> = Promise.resolve()

  async function lead (signal: AbortSignal): Promise<void> {
    // A term that was lost leaves reconciles whose requests are being aborted; the next waits for them.
    await workers
    if (signal.aborted) return
    const line = createQueue(queueObserver === undefined ? {} : { observer: queueObserver })
    queue = line
    const drop = () => { line.close() }
    signal.addEventListener('abort', drop, { once: true })
    for (const key of keys()) line.add(key)
    workers = Promise.all(Array.from({ length: concurrency }, () => work(line, signal)))
    await workers
    signal.removeEventListener('abort', drop)
  }

  async function work (line: Queue, signal: AbortSignal): Promise<void> {
    for (let key = await line.take(); key !== undefined; key = await line.take()) {
      started.set(key, now())
      const outcome = await attempt(line, key, signal)
      onReconciled(outcome, (now() - (started.get(key) ?? now())) / 1000)
      started.delete(key)
      line.done(key)
    }
  }

  async function attempt (line: Queue, key: string, signal: AbortSignal): Promise<Result['outcome'] | 'error'> {
    try {
      const result = await reconcile(key, signal, guard)
      follow(line, key, result)
      return result.outcome
    } catch (error) {
      if (signal.aborted) return 'error'
      fail(line, key, error)
      return 'error'
    }
  }

  function follow (line: Queue, key: string, result: Result): void {
    line.forget(key)
    switch (result.outcome) {
      case 'again':
        line.addAfter(key, result.afterMs)
        break
      case 'terminal':
        if (result.afterMs !== undefined) line.addAfter(key, result.afterMs)
        break
      case 'gone':
        log.debug({ topicten: key }, 'gone')
    }
  }

  function fail (line: Queue, key: string, error: unknown): void {
    const requeueAfterMs = line.addWithBackOff(key, options.retryAfterMs(error))
    if (options.isConflict(error)) log.debug({ topicten: key, requeueAfterMs }, 'changed meanwhile, looking again')
    else log.error({ topicten: key, requeueAfterMs, err: error }, 'reconcile failed')
  }

  return {
    lead,
    enqueue: key => { queue?.add(key) },
    async drain () {
      queue?.close()
      await workers
    },
    get longestWorkSeconds () {
      const since = Math.min(...started.values())
      return started.size === 0 ? 0 : (now() - since) / 1000
    },
    get activeWorkers () {
      return started.size
    }
  }
}
