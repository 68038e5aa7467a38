// The last known state of a collection, reduced to what is used; tells of every difference exactly once.
import type { KubernetesObject } from './list.ts'
import type { Logger } from './logger.ts'

export interface Change<T> {
  /** namespace/name, or the name alone of what has no namespace. */
  key: string
  /** undefined: it is gone. */
  object: T | undefined
  old: T | undefined
}

export interface CacheOptions<T> {
  /** Called before an object is kept; what it returns is all that is kept. */
  project: (object: KubernetesObject) => T
  onChange?: ((change: Change<T>) => void) | undefined
  log: Logger
}

export interface Cache<T> {
  readonly size: number
  get (key: string): T | undefined
  values (): Iterable<T>
  /** Keeps the object unless this resourceVersion is already kept; gives its key. */
  put (object: KubernetesObject): string
  remove (key: string): void
  /** Removes all others: what was deleted while nobody watched. */
  retain (keys: Set<string>): void
}

export const keyOf = ({ metadata: { namespace, name = '' } }: KubernetesObject): string =>
  namespace === undefined || namespace === '' ? name : `${namespace}/${name}`

/** A throw of `project` or `onChange` is logged and goes no further; an object that cannot be projected is not kept. */
export function createCache<T> ({ project, onChange, log }: CacheOptions<T>): Cache<T> {
  const entries = new Map<string, { version: string | undefined, object: T }>()

  function tell (key: string, object: T | undefined, old: T | undefined): void {
    try {
      onChange?.({ key, object, old })
    } catch (err) {
      log.error({ err, key }, 'change not handled')
    }
  }

  function remove (key: string): void {
    const old = entries.get(key)
    if (entries.delete(key)) tell(key, undefined, old?.object)
  }

  function put (found: KubernetesObject): string {
    const key = keyOf(found)
    const version = found.metadata.resourceVersion
    const old = entries.get(key)
    if (old !== undefined && old.version === version) return key
    let object: T
    try {
      object = project(found)
    } catch (err) {
      log.error({ err, key }, 'object not understood')
      return key
    }
    entries.set(key, { version, object })
    tell(key, object, old?.object)
    return key
  }

  return {
    get size () { return entries.size },
    get: key => entries.get(key)?.object,
    * values () { for (const { object } of entries.values()) yield object },
    put,
    remove,
    retain (keys) { for (const key of [...entries.keys()]) if (!keys.has(key)) remove(key) }
  }
}
