// Finds what a TopicTen resolves to for the pod webhook: in the cache, and on a miss at the API server while the request waits.
import { apiVersion, plural } from '../api/names.ts'
import { formatViolation, resolveArns, violations } from '../api/rules.ts'
import type { TopicTen, TopicTenSpec } from '../api/topicten.ts'
import type { Client } from '../cluster/client.ts'
import { isNotFound } from '../cluster/errors.ts'
import type { Looked, Lookup } from '../webhooks/pod.ts'

/** A pod may come before the watch has shown its TopicTen, so a miss is no answer yet. */
export function createLookup (client: Client, cached: (key: string) => TopicTen | undefined): Lookup {
  const judged = new WeakMap<TopicTenSpec, Looked>()

  function resolve ({ spec, status }: TopicTen): Looked {
    const known = judged.get(spec)
    if (known !== undefined) return known
    const faults = violations(spec)
    const looked: Looked = faults.length === 0 ? resolveArns(spec) : status?.resolved ?? { unresolved: faults.map(formatViolation).join('; ') }
    judged.set(spec, looked)
    return looked
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

  return (namespace, name, deadlineMs) => {
    const topicTen = cached(`${namespace}/${name}`)
    return topicTen === undefined ? fetch(namespace, name, deadlineMs) : resolve(topicTen)
  }
}
