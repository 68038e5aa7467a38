// What we wrote and the watch has not shown yet, so that a reconcile never decides on what its predecessor already changed.

interface Versioned {
  metadata: { uid?: string, resourceVersion?: string }
}

export interface Recent<T> {
  /** Keeps the API server's answer to a write. */
  remember (key: string, object: T): void
  /** The newer of what was written and what the cache has. */
  newest (key: string, cached: T | undefined): T | undefined
  /** Whether the watch only brings back what we wrote, or what was before that: the reconcile that wrote it knows. */
  isEcho (key: string, object: T): boolean
  forget (key: string): void
}

/**
 * Resource versions of one kind are ordered numbers:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
export function createRecent<T extends Versioned> (): Recent<T> {
  const written = new Map<string, T>()
  return {
    remember: (key, object) => { written.set(key, object) },
    newest (key, cached) {
      const own = written.get(key)
      if (own === undefined) return cached
      if (cached === undefined || (own.metadata.uid === cached.metadata.uid && versionOf(own) > versionOf(cached))) return own
      written.delete(key)
      return cached
    },
    isEcho (key, object) {
      const own = written.get(key)
      return own !== undefined && own.metadata.uid === object.metadata.uid && versionOf(object) <= versionOf(own)
    },
    forget: key => { written.delete(key) }
  }
}

function versionOf (object: Versioned): number {
  return Number(object.metadata.resourceVersion)
}
