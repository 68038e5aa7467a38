// The watch of one kind that TopicTens refer to: finds where it is served, keeps what is at the paths in use, and begins anew when the
// kind goes, comes back, or the right to read it does.
import { referencesLabel } from '../api/names.ts'
import { type Backoff, backoffMs, pause } from '../cluster/backoff.ts'
import type { Client } from '../cluster/client.ts'
import { findKind, type ServedKind } from '../cluster/discovery.ts'
import { isForbidden, isNotFound } from '../cluster/errors.ts'
import type { Log, Logger } from '../cluster/logger.ts'
import { createReflector, type KubernetesObject, type Reflector } from '../cluster/reflector.ts'
import { keptAt, type Kept, kindName, type Reference, type ReferredKind } from './reference.ts'
import type { Found } from './resolution.ts'

export interface SourceOptions {
  client: Client
  kind: ReferredKind
  /** Those there are from the start. */
  references: Iterable<Reference>
  /** The one namespace to watch; empty: all. */
  namespace: string
  /** Told of each object that changed, by namespace/name; undefined: of all, for the kind as a whole changed. */
  onChange: (key: string | undefined) => void
  log: Logger
  /** Between two looks whether the kind is served ({1,000, 15,000}), and two tries to read it ({500, 10,000}). */
  lookBackoff?: Backoff
  readBackoff?: Backoff
  /** Milliseconds in which further paths are gathered before the kind is listed anew for them (50). */
  gatherMs?: number
}

export interface Source {
  /** Has the path of a reference kept too. */
  want (reference: Reference): void
  look (reference: Reference): Found
  /** Seconds since the API server last sent something; undefined while there is no watch. */
  readonly lastEventAgeSeconds: number | undefined
  stop (): Promise<void>
}

type Paths = ReadonlyMap<string, readonly string[]>
type KeptPaths = Record<string, Kept>
type Closed = Extract<Found, { state: 'closed' }>

const nothing: KeptPaths = Object.freeze({})

/** Starts at once. */
export function createSource (options: SourceOptions): Source {
  const { client, kind, namespace, onChange, log, gatherMs = 50 } = options
  const { lookBackoff = { baseMs: 1_000, maxMs: 15_000 }, readBackoff = { baseMs: 500, maxMs: 10_000 } } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const wanted = new Map([...options.references].map(({ path, names }) => [path, names]))
  // What is wrong is told once, by `close`, and not at each try.
  const quietly: Log = (fields, message) => { log.debug(fields, message) }
  const quiet: Logger = { debug: quietly, info: quietly, warn: quietly, error: (fields, message) => { log.error(fields, message) } }
  let closed: Closed | undefined
  let reflector: Reflector<KeptPaths> | undefined
  let kept: Paths = new Map()
  let endRound = (): void => {}
  let gathering: NodeJS.Timeout | undefined

  function close (reason: Closed['reason'], message: string): void {
    if (signal.aborted || (closed?.reason === reason && closed.message === message)) return
    closed = { state: 'closed', reason, message }
    log.warn({ kind: kindName(kind), reason, fault: message }, 'a kind that is referred to cannot be read')
    onChange(undefined)
  }

  async function run (): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      const synced = await round()
      failures = synced ? 0 : failures + 1
      if (!signal.aborted) await pause(backoffMs(failures, lookBackoff, Math.random), signal)
    }
  }

  /** Looks where the kind is served and watches it as long as that holds; gives whether it was read whole. */
  async function round (): Promise<boolean> {
    try {
      const served = kind.apiVersion === 'v1' ? { plural: 'configmaps', namespaced: true } : await findKind(client, kind.apiVersion, kind.kind, signal)
      if (served === undefined) close('NotFound', `the API server serves no ${kind.kind} of ${kind.apiVersion}`)
      else if (!served.namespaced) close('NotFound', `${kindName(kind)} is a kind of the whole cluster; expected one of a namespace`)
      else return await watch(served)
    } catch (error) {
      close('NotFound', `${kindName(kind)} could not be looked up: ${error instanceof Error ? error.message : String(error)}`)
    }
    return false
  }

  async function watch (served: ServedKind): Promise<boolean> {
    if (signal.aborted) return false
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    endRound = resolve
    signal.addEventListener('abort', endRound, { once: true })
    const paths: Paths = kept = new Map(wanted)
    const round = reflector = createReflector<KeptPaths>({
      client,
      path: pathOf(kind.apiVersion, namespace, served.plural),
      project: object => project(object, paths),
      onChange ({ key }) { if (reflector?.synced === true) onChange(key) },
      onFailure: error => { fail(error, served) },
      backoff: readBackoff,
      log: quiet
    })
    round.start()
    round.whenSynced().then(() => {
      if (signal.aborted) return
      if (closed !== undefined) log.info({ kind: kindName(kind) }, 'a kind that is referred to can be read')
      closed = undefined
      onChange(undefined)
    }, () => {})
    await ended
    signal.removeEventListener('abort', endRound)
    endRound = () => {}
    await round.stop()
    reflector = undefined
    return round.synced
  }

  function fail (error: unknown, { plural }: ServedKind): void {
    const synced = reflector?.synced === true
    if (isNotFound(error) || (isForbidden(error) && synced)) endRound()
    else if (isForbidden(error)) close('Forbidden', forbidden(kind, plural, namespace))
    else if (!synced) close('NotFound', `${kindName(kind)} could not be read: ${error instanceof Error ? error.message : String(error)}`)
  }

  const running = run()

  return {
    want ({ path, names }) {
      if (wanted.has(path)) return
      wanted.set(path, names)
      // A watch that is only being started may still take it along.
      gathering ??= setTimeout(() => {
        gathering = undefined
        if (reflector !== undefined && [...wanted.keys()].some(path => !kept.has(path))) endRound()
      }, gatherMs)
    },
    look ({ key, path }) {
      if (closed !== undefined) return closed
      if (reflector?.synced !== true || !kept.has(path)) return { state: 'pending' }
      const object = reflector.get(key)
      const value = object?.[path]
      return value === undefined ? { state: 'nothing', hasObject: object !== undefined } : { state: 'value', value }
    },
    get lastEventAgeSeconds () { return reflector?.lastEventAgeSeconds },
    async stop () {
      clearTimeout(gathering)
      stopping.abort()
      await running
    }
  }
}

/** Of the many objects that nobody refers to nothing is kept but that they are there. */
function project (object: KubernetesObject, paths: Paths): KeptPaths {
  const found: Array<[string, Kept]> = []
  for (const [path, names] of paths) {
    const value = keptAt(object, names)
    if (value !== undefined) found.push([path, value])
  }
  return found.length === 0 ? nothing : Object.fromEntries(found)
}

function pathOf (apiVersion: string, namespace: string, plural: string): string {
  const scope = namespace === '' ? '' : `/namespaces/${namespace}`
  return `${apiVersion === 'v1' ? '/api' : '/apis'}/${apiVersion}${scope}/${plural}`
}

function forbidden ({ apiVersion }: ReferredKind, plural: string, namespace: string): string {
  const [group = ''] = apiVersion === 'v1' ? [] : apiVersion.split('/')
  const resource = group === '' ? plural : `${plural}.${group}`
  const where = namespace === '' ? 'in all namespaces' : `in the namespace ${namespace}`
  return `the operator may not list and watch ${resource} ${where}; a ClusterRole with the label ${referencesLabel}=true gives it that right`
}
