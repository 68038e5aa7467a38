// The watches of all kinds that TopicTens refer to: one for each, as long as something refers to it and this process leads.
import type { TopicTen } from '../api/topicten.ts'
import { kindName, type Reference, type ReferredKind, referencesOf } from './reference.ts'
import type { Found } from './resolution.ts'
import { createSource, type Source, type SourceOptions } from './source.ts'

export interface SourcesOptions extends Pick<SourceOptions, 'client' | 'namespace' | 'log' | 'lookBackoff' | 'readBackoff' | 'gatherMs'> {
  /** Told which TopicTens refer to what changed, by namespace/name. */
  onChange: (key: string) => void
}

export interface Sources {
  /** Takes in a TopicTen as the cache has it; undefined: it is gone. */
  track (key: string, topicTen: TopicTen | undefined): void
  look (reference: Reference): Found
  /** Watches until the signal aborts. */
  lead (signal: AbortSignal): void
  /** Seconds since each kind's watch last brought something, by `kindName`. */
  readonly lastEventAgeSeconds: Record<string, number>
}

/** All about one kind; `source` is there while this process leads. */
interface Watched {
  kind: ReferredKind
  /** Who refers to an object, by its namespace/name. */
  referrers: Map<string, Set<string>>
  paths: Map<string, Reference>
  source: Source | undefined
}

export function createSources (options: SourcesOptions): Sources {
  const { onChange } = options
  const kinds = new Map<string, Watched>()
  const tracked = new Map<string, Reference[]>()
  let leading = false

  function open (watched: Watched): void {
    watched.source = createSource({
      ...options,
      kind: watched.kind,
      references: watched.paths.values(),
      onChange (key) {
        const concerned = key === undefined ? [...watched.referrers.values()] : [watched.referrers.get(key) ?? []]
        for (const referrers of concerned) for (const referrer of referrers) onChange(referrer)
      }
    })
  }

  function add (referrer: string, reference: Reference): void {
    const id = idOf(reference)
    const watched = kinds.get(id) ?? unwatched(reference)
    kinds.set(id, watched)
    const referrers = watched.referrers.get(reference.key) ?? new Set()
    watched.referrers.set(reference.key, referrers.add(referrer))
    if (!watched.paths.has(reference.path)) watched.paths.set(reference.path, reference)
    if (watched.source !== undefined) watched.source.want(reference)
    else if (leading) open(watched)
  }

  function remove (referrer: string, reference: Reference): void {
    const watched = kinds.get(idOf(reference))
    const referrers = watched?.referrers.get(reference.key)
    if (watched === undefined || referrers === undefined) return
    referrers.delete(referrer)
    if (referrers.size === 0) watched.referrers.delete(reference.key)
    if (watched.referrers.size > 0) return
    kinds.delete(idOf(reference))
    void watched.source?.stop()
  }

  return {
    track (key, topicTen) {
      const before = tracked.get(key) ?? []
      const now = topicTen === undefined || topicTen.metadata.deletionTimestamp !== undefined ? [] : referencesOf(topicTen)
      if (now.length === 0) tracked.delete(key)
      else tracked.set(key, now)
      // First those that are new: the watch of a kind that both refer to goes on.
      for (const reference of now) add(key, reference)
      const kept = new Set(now.map(placeOf))
      for (const reference of before) if (!kept.has(placeOf(reference))) remove(key, reference)
    },
    look: reference => kinds.get(idOf(reference))?.source?.look(reference) ?? { state: 'pending' },
    lead (signal) {
      if (signal.aborted) return
      leading = true
      for (const watched of kinds.values()) open(watched)
      signal.addEventListener('abort', () => {
        leading = false
        for (const watched of kinds.values()) {
          void watched.source?.stop()
          watched.source = undefined
        }
      }, { once: true })
    },
    get lastEventAgeSeconds () {
      const ages = [...kinds.values()].flatMap(({ kind, source }) => {
        const age = source?.lastEventAgeSeconds
        return age === undefined ? [] : [[kindName(kind), age] as const]
      })
      return Object.fromEntries(ages)
    }
  }
}

function unwatched ({ apiVersion, kind }: ReferredKind): Watched {
  return { kind: { apiVersion, kind }, referrers: new Map(), paths: new Map(), source: undefined }
}

function idOf ({ apiVersion, kind }: ReferredKind): string {
  return `${apiVersion}/${kind}`
}

/** Where it looks, whatever for. */
function placeOf (reference: Reference): string {
  return `${idOf(reference)}/${reference.key}`
}
