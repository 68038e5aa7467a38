// Finds what a TopicTen resolves to for the pod webhook: in the cache, and on a miss at the API server while the request waits.
import { apiVersion, plural } from '../api/names.ts'
import { injectedHash } from '../api/injected.ts'
import { formatViolation, isWritten, resolveArns, violations } from '../api/rules.ts'
import type { ResolvedArns, TopicTen } from '../api/topicten.ts'
import type { Client } from '../cluster/client.ts'
import { isNotFound } from '../cluster/errors.ts'
import type { Looked, Lookup } from '../webhooks/pod.ts'

/**
 * A pod may come before the watch has shown its TopicTen, or the ARNs that its template was made for, so neither a miss nor another
 * state than the pod's is an answer yet.
 */
export function createLookup (client: Client, cached: (key: string) => TopicTen | undefined): Lookup {
  const judged = new WeakMap<TopicTen, Looked>()
  const hashes = new WeakMap<ResolvedArns, string>()

  function resolve (topicTen: TopicTen): Looked {
    const known = judged.get(topicTen)
    if (known !== undefined) return known
    const looked = look(topicTen)
    judged.set(topicTen, looked)
    return looked
  }

  function isOf (looked: Looked, expected: string | undefined): boolean {
    if (expected === undefined) return true
    if (looked === undefined || 'unresolved' in looked) return false
    const hash = hashes.get(looked) ?? injectedHash(looked)
    hashes.set(looked, hash)
    return hash === expected
  }

  async function fetch (namespace: string, name: string, timeoutMs: number): Promise<Looked> {
    try {
      const path = `/apis/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`
      return resolve(await client.get<TopicTen>(path, { timeoutMs }))
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  return (namespace, name, deadlineMs, expected) => {
    const topicTen = cached(`${namespace}/${name}`)
    const looked = topicTen === undefined ? undefined : resolve(topicTen)
    return looked !== undefined && isOf(looked, expected) ? looked : fetch(namespace, name, deadlineMs)
  }
}

function look ({ spec, status }: TopicTen): Looked {
  const faults = violations(spec)
  if (faults.length === 0 && isWritten(spec)) return resolveArns(spec)
  if (status?.resolved !== undefined) return status.resolved
  if (faults.length > 0) return { unresolved: faults.map(formatViolation).join('; ') }
  const waiting = status?.conditions?.find(({ type }) => type === 'ArnsResolved')
  return { unresolved: waiting?.message ?? 'those that it refers to have not been looked up yet' }
}
