// The work queue: each key at most once in line and never twice at work, delayed keys in one heap with one timer, failures with back-off.
import { createHeap } from './heap.ts'

export interface QueueOptions {
  /** Back-off of a key's first failure, doubled by each further one up to `maxBackOffMs`. */
  baseBackOffMs?: number
  maxBackOffMs?: number
  /** Monotonic milliseconds. */
  now?: () => number
  observer?: QueueObserver
}

/** What happens to the keys, for metrics. Durations are seconds. */
export interface QueueObserver {
  added (depth: number): void
  started (depth: number, waitedSeconds: number): void
  retried (): void
}

export interface Queue {
  /** Puts a key in line, unless it is there already. A key at work comes again when it is done. */
  add (key: string): void
  /** The same in `delayMs`; of two delays of one key the earlier counts. */
  addAfter (key: string, delayMs: number): void
  /** The same after the key's back-off, at least `atLeastMs` (a Retry-After). Returns the delay. */
  addWithBackOff (key: string, atLeastMs?: number): number
  /** The key has succeeded: its next failure starts at the first back-off again. */
  forget (key: string): void
  /** The next key to work on; undefined once the queue is closed. Call `done` with it afterwards. */
  take (): Promise<string | undefined>
  done (key: string): void
  /** Drops all that waits and lets every `take` return. */
  close (): void
  readonly depth: number
}

// controller-runtime's defaults.
const firstBackOffMs = 5
const longestBackOffMs = 1000_000
// setTimeout takes 31 bits.
const longestTimerMs = 2 ** 31 - 1

const silent: QueueObserver = { added () {}, started () {}, retried () {} }

export function createQueue (options: QueueOptions = {}): Queue {
  const { baseBackOffMs = firstBackOffMs, maxBackOffMs = longestBackOffMs, now = () => performance.now(), observer = silent } = options
  const waiting = new Map<string, number>() // key to when it was added, in order
  const working = new Set<string>()
  const again = new Set<string>()
  const failures = new Map<string, number>()
  const delayed = createHeap()
  const takers: Array<(key: string | undefined) => void> = []
  let timer: NodeJS.Timeout | undefined
  let timerAt = Infinity
  let closed = false

  function add (key: string): void {
    if (closed || waiting.has(key)) return
    if (working.has(key)) {
      again.add(key)
      return
    }
    waiting.set(key, now())
    observer.added(waiting.size)
    if (takers.length > 0) takers.shift()?.(next())
  }

  function next (): string | undefined {
    const [first] = waiting
    if (first === undefined) return undefined
    const [key, since] = first
    waiting.delete(key)
    working.add(key)
    observer.started(waiting.size, (now() - since) / 1000)
    return key
  }

  function addAfter (key: string, delayMs: number): void {
    if (closed) return
    if (!(delayMs > 0)) {
      add(key)
      return
    }
    delayed.put(key, now() + delayMs)
    arm()
  }

  function arm (): void {
    const first = delayed.peek()
    if (first === undefined || first.at >= timerAt) return
    clearTimeout(timer)
    timerAt = first.at
    timer = setTimeout(ring, Math.min(Math.max(Math.ceil(first.at - now()), 0), longestTimerMs))
  }

  function ring (): void {
    timerAt = Infinity
    for (let first = delayed.peek(); first !== undefined && first.at <= now(); first = delayed.peek()) {
      delayed.pop()
      add(first.key)
    }
    arm()
  }

  return {
    add,
    addAfter,
    addWithBackOff (key, atLeastMs = 0) {
      const count = failures.get(key) ?? 0
      failures.set(key, count + 1)
      const delayMs = Math.max(Math.min(baseBackOffMs * 2 ** count, maxBackOffMs), atLeastMs)
      observer.retried()
      addAfter(key, delayMs)
      return delayMs
    },
    forget (key) {
      failures.delete(key)
    },
    async take () {
      if (closed) return undefined
      return next() ?? new Promise(resolve => takers.push(resolve))
    },
    done (key) {
      working.delete(key)
      if (again.delete(key)) add(key)
    },
    close () {
      closed = true
      clearTimeout(timer)
      waiting.clear()
      again.clear()
      for (const taker of takers.splice(0)) taker(undefined)
    },
    get depth () {
      return waiting.size
    }
  }
}
