// Tells people what happened, as Events (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/). Best effort:
// nothing waits for it, and what cannot be written is dropped.
import { randomBytes } from 'node:crypto'
import type { Client } from './client.ts'
import { isNotFound, isTerminatingNamespace } from './errors.ts'
import type { Logger } from './logger.ts'
import { microTime } from './micro-time.ts'

export interface ObjectReference {
  apiVersion: string
  kind: string
  namespace?: string | undefined
  name: string
  uid: string
  resourceVersion?: string | undefined
}

export interface Occurrence {
  regarding: ObjectReference
  type: 'Normal' | 'Warning'
  /** PascalCase, at most 128 characters. */
  reason: string
  /** What was done or tried; required by the API. */
  action: string
  /** Cut to the 1,024 bytes the API takes. */
  note: string
}

export interface EventRecorderOptions {
  client: Client
  /** Qualified name such as `example.com/controller`. */
  reportingController: string
  /** The process, at most 128 characters. */
  reportingInstance: string
  log: Logger
  now?: () => Date
  /** Occurrences that may wait to be written (1,000); more are dropped. */
  queueLimit?: number
  /** Series remembered (4,096), the least recent forgotten first. */
  seriesLimit?: number
  /** Deadline of a request, in milliseconds (5,000). */
  timeoutMs?: number
}

export interface EventRecorder {
  /** Never throws, never waits. A repeat (uid, reason and note the same) counts up the first Event. */
  record (occurrence: Occurrence): void
  /** Resolves when all that was recorded before is written or dropped. */
  flush (): Promise<void>
  /** Takes no more, then flushes. */
  stop (): Promise<void>
}

/** All repeats of one occurrence. */
interface Series {
  occurrence: Occurrence
  /** Name of the Event; undefined until it is written. */
  name: string | undefined
  count: number
  first: Date
  last: Date
  queued: boolean
}

const noteLimit = 1024

/** Writes one request at a time, so that a storm of events does not crowd out the work. */
export function createEventRecorder (options: EventRecorderOptions): EventRecorder {
  const { client, reportingController, reportingInstance, log, now = () => new Date() } = options
  const { queueLimit = 1000, seriesLimit = 4096, timeoutMs = 5000 } = options
  const known = new Map<string, Series>()
  const queue: Series[] = []
  let writing: Promise<void> | undefined
  let stopped = false
  let failing = false
  let dropped = 0

  function record (occurrence: Occurrence): void {
    if (stopped) return
    const { regarding, reason } = occurrence
    const note = cut(occurrence.note)
    const key = JSON.stringify([regarding.uid, reason, note])
    const at = now()
    const series = known.get(key) ?? { occurrence: { ...occurrence, note }, name: undefined, count: 0, first: at, last: at, queued: false }
    series.count++
    series.last = at
    remember(key, series)
    enqueue(series)
  }

  function remember (key: string, series: Series): void {
    known.delete(key)
    known.set(key, series)
    const oldest = known.size > seriesLimit ? known.keys().next().value : undefined
    if (oldest !== undefined) known.delete(oldest)
  }

  function enqueue (series: Series): void {
    if (series.queued) return
    if (queue.length >= queueLimit) { dropped++; return }
    series.queued = true
    queue.push(series)
    writing ??= drain()
  }

  async function drain (): Promise<void> {
    for (let series = queue.shift(); series !== undefined; series = queue.shift()) {
      series.queued = false
      try {
        await write(series)
        failing = false
      } catch (err) {
        note(err)
      }
    }
    // Here and not when the promise settles: what is recorded in between would wait for the next one.
    writing = undefined
  }

  /** One line for a run of failures. A namespace that is gone or going takes its events with it. */
  function note (err: unknown): void {
    if (isNotFound(err) || isTerminatingNamespace(err)) return
    if (!failing) log.warn({ err, dropped }, 'event not written')
    failing = true
  }

  async function write (series: Series): Promise<void> {
    if (series.name !== undefined && series.count > 1) {
      try {
        await count(series, series.name)
        return
      } catch (error) {
        // Events live for an hour: a later repeat is a new one.
        if (!isNotFound(error)) throw error
        Object.assign(series, { name: undefined, count: 1, first: series.last })
      }
    }
    await create(series)
  }

  async function create (series: Series): Promise<void> {
    const { occurrence: { regarding, ...what }, count, first, last } = series
    const namespace = namespaceOf(regarding)
    const name = `${regarding.name.slice(0, 200)}.${randomBytes(8).toString('hex')}`
    await client.request('POST', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`, {
      timeoutMs,
      body: {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name, namespace },
        eventTime: microTime(first),
        reportingController,
        reportingInstance,
        regarding,
        ...what,
        // A series starts with the second occurrence: the API refuses a count of one.
        ...(count > 1 ? { series: { count, lastObservedTime: microTime(last) } } : {})
      }
    })
    series.name = name
  }

  async function count ({ occurrence: { regarding }, count, last }: Series, name: string): Promise<void> {
    const path = `/apis/events.k8s.io/v1/namespaces/${namespaceOf(regarding)}/events/${name}`
    await client.mergePatch(path, { series: { count, lastObservedTime: microTime(last) } }, { timeoutMs })
  }

  const flush = async (): Promise<void> => { await writing }

  return {
    record,
    flush,
    async stop () {
      stopped = true
      await flush()
    }
  }
}

// The Event of an object without a namespace lives in `default`.
const namespaceOf = ({ namespace }: ObjectReference): string => namespace === undefined || namespace === '' ? 'default' : namespace

/** At most 1,024 bytes (the API counts those), without a part of a character at the end. */
function cut (note: string): string {
  const bytes = Buffer.from(note)
  return bytes.length <= noteLimit ? note : `${new TextDecoder().decode(bytes.subarray(0, noteLimit - 3), { stream: true })}…`
}
