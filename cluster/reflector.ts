// Keeps a cache equal to a collection of the API server: lists once, then watches for ever. Whatever happens, it goes on.
import { backoffMs, pause } from './backoff.ts'
import type { Backoff } from './backoff.ts'
import { createCache, keyOf } from './cache.ts'
import type { Change } from './cache.ts'
import type { Client } from './client.ts'
import { ApiError, isGone, retryAfterMs } from './errors.ts'
import { listPages } from './list.ts'
import type { KubernetesObject } from './list.ts'
import type { Logger } from './logger.ts'
import type { WatchEvent } from './watch.ts'

export type { Change, KubernetesObject }

export interface ReflectorOptions<T> {
  client: Client
  /** `/apis/apps/v1/deployments`, or that of one namespace. */
  path: string
  query?: { labelSelector?: string, fieldSelector?: string } | undefined
  /** Called before an object is kept; what it returns is all that is kept. */
  project: (object: KubernetesObject) => T
  /** Called once for each difference, before the next one is looked at. A throw is logged. */
  onChange?: ((change: Change<T>) => void) | undefined
  /** Called when a list after the first one begins. */
  onRelist?: (() => void) | undefined
  /** Called when a list or a watch failed, or was ended before its time; it is tried again whatever happens. */
  onFailure?: ((err: unknown) => void) | undefined
  log: Logger
  /** Objects a page (500). */
  pageSize?: number
  /** Deadlines of one page (30,000) and of a whole list (300,000: about when the API server forgets a continue token). */
  pageMs?: number
  listMs?: number
  /** A watch asks to be ended after a random time in this range, in whole seconds ([300, 600]). */
  watchSeconds?: readonly [number, number]
  /**
   * Longest silence of a watch, in milliseconds. The API server sends a bookmark a minute, a second late at most, so 66 s is long enough
   * for a live connection and finds a dead one within 70 s. One that is only quiet is opened again from where it was.
   */
  idleMs?: number
  /** Between attempts that fail ({500, 30,000}). */
  backoff?: Backoff
  /** A watch that lived so long starts the backoff anew (10,000). */
  steadyMs?: number
  /** 0..1. */
  random?: () => number
  /** Monotonic, in milliseconds. */
  now?: () => number
}

export interface Reflector<T> {
  start (): void
  /** Resolves when nothing is under way any more; the cache stays as it was. */
  stop (): Promise<void>
  /** The collection was read whole at least once. */
  readonly synced: boolean
  /** Rejects with the signal's reason, or when the reflector is stopped before. */
  whenSynced (signal?: AbortSignal): Promise<void>
  get (key: string): T | undefined
  values (): Iterable<T>
  readonly size: number
  /** Seconds since the API server last sent a page, an event or a bookmark; since the start before that. */
  readonly lastEventAgeSeconds: number
  /** Lists begun after the first complete one. */
  readonly relists: number
  /** Where the watch would resume; undefined = with a list. */
  readonly resourceVersion: string | undefined
}

const defaults = {
  pageSize: 500,
  pageMs: 30_000,
  listMs: 300_000,
  watchSeconds: [300, 600],
  idleMs: 66_000,
  backoff: { baseMs: 500, maxMs: 30_000 },
  steadyMs: 10_000,
  random: Math.random,
  now: () => performance.now()
} as const

/** Opens nothing before `start`. */
export function createReflector<T> (options: ReflectorOptions<T>): Reflector<T> {
  const { client, path, query, log, onRelist, watchSeconds, idleMs, backoff, steadyMs, random, now, ...rest } = { ...defaults, ...options }
  const pages = { pageSize: rest.pageSize, pageMs: rest.pageMs, listMs: rest.listMs }
  const cache = createCache(options)
  const stopping = new AbortController()
  const { signal } = stopping
  const sync = Promise.withResolvers<void>()
  sync.promise.catch(() => {})
  let running: Promise<void> | undefined
  let synced = false
  let relists = 0
  let version: string | undefined
  let lastSign = now()

  async function list (): Promise<void> {
    if (synced) {
      relists++
      onRelist?.()
    }
    const seen = new Set<string>()
    version = await listPages({ client, path, query: { ...query }, signal, now, ...pages }, items => {
      lastSign = now()
      for (const item of items) seen.add(cache.put(item))
    })
    cache.retain(seen)
    synced = true
    sync.resolve()
  }

  function take ({ type, object }: WatchEvent<KubernetesObject>): void {
    lastSign = now()
    if (type === 'ADDED' || type === 'MODIFIED') cache.put(object)
    else if (type === 'DELETED') cache.remove(keyOf(object))
    version = object.metadata.resourceVersion ?? version
  }

  async function watch (): Promise<void> {
    const [least, most] = watchSeconds
    const timeoutSeconds = Math.round(least + random() * (most - least))
    const asked = { ...query, allowWatchBookmarks: true, resourceVersion: version, timeoutSeconds }
    for await (const event of client.watch<KubernetesObject>(path, asked, { signal, idleTimeoutMs: idleMs })) take(event)
  }

  /** One list if need be, and one watch; gives whether it listed, how long the watch lived and how it ended. */
  async function attempt (): Promise<Attempt> {
    const listed = version === undefined
    let started: number | undefined
    const livedMs = () => started === undefined ? 0 : now() - started
    try {
      if (listed) await list()
      started = now()
      await watch()
      return { listed, livedMs: livedMs(), err: undefined }
    } catch (err) {
      return { listed, livedMs: livedMs(), err }
    }
  }

  async function run (): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      const ended = await attempt()
      const { err } = ended
      if (signal.aborted) return
      if (mustList(err)) version = undefined
      failures = failuresAfter(failures, ended, ended.livedMs >= steadyMs)
      const waitMs = Math.max(backoffMs(failures, backoff, random), retryAfterMs(err))
      report(err, failures, waitMs)
      if (waitMs > 0) await pause(waitMs, signal)
    }
  }

  function report (err: unknown, failures: number, waitMs: number): void {
    if (err !== undefined) options.onFailure?.(err)
    const fields = { path, failures, waitMs: Math.round(waitMs) }
    if (err === undefined || isGone(err)) log.debug({ ...fields, relist: version === undefined }, 'watch ended')
    else log.warn({ ...fields, err }, synced ? 'watch interrupted' : 'list failed')
  }

  return {
    start () {
      if (running !== undefined || signal.aborted) return
      lastSign = now()
      running = run()
    },
    async stop () {
      stopping.abort()
      sync.reject(new Error(`reflector of ${path} stopped`))
      await running
    },
    whenSynced: waitFor => waitFor === undefined ? sync.promise : orAborted(sync.promise, waitFor),
    get: cache.get,
    values: cache.values,
    get size () { return cache.size },
    get synced () { return synced },
    get lastEventAgeSeconds () { return (now() - lastSign) / 1000 },
    get relists () { return relists },
    get resourceVersion () { return version }
  }
}

interface Attempt {
  listed: boolean
  livedMs: number
  err: unknown
}

/** How many attempts in a row have failed now; `steady`: this one's watch lived long. */
function failuresAfter (before: number, { listed, err }: Attempt, steady: boolean): number {
  // The regular end of a watch, and a version that grew too old over its life, are no failures.
  if (steady) return err === undefined || isGone(err) ? 0 : 1
  // The API server is back and has forgotten what we last saw: what it was away for is no reason to wait for the list.
  if (isGone(err) && !listed) return 1
  return before + 1
}

// A refusal that repeating cannot cure: the version is too old or unknown, or the collection itself has changed. Credentials (401),
// rights (403) and load (429) come back without harm to the version.
const harmless = new Set([401, 403, 429])

function mustList (err: unknown): boolean {
  if (!(err instanceof ApiError)) return false
  if ((err.details?.causes ?? []).some(({ reason }) => reason === 'ResourceVersionTooLarge')) return true
  return err.status < 500 && !harmless.has(err.status)
}

function orAborted (promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => { reject(signal.reason) }
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  return Promise.race([promise, aborted]).finally(() => { signal.removeEventListener('abort', onAbort) })
}
