// Answers for a pod: finds the TopicTen its label names, and has the injector patch it.
import { injectedAnnotation, kind, topicTenLabel } from '../api/names.ts'
import { escapeText } from '../api/text.ts'
import type { ResolvedArns } from '../api/topicten.ts'
import { inject, MalformedPod } from './injector.ts'
import { allowed, denied, errored, patched, type AdmissionRequest, type Outcome } from './review.ts'

/**
 * What a TopicTen resolves to: undefined when there is none of that name, `unresolved` with the reason when it is there but
 * has no sound ARNs. At best an object that stays the same as long as the TopicTen does, and not wrapped in a promise when it
 * is in the cache. Within `deadlineMs` milliseconds, or it rejects. `expected` is the hash of what the pod's template was made for, if it
 * says so: where another state is at hand, the newest is asked for.
 */
export type Lookup = (namespace: string, name: string, deadlineMs: number, expected?: string) => Looked | Promise<Looked>
export type Looked = ResolvedArns | { unresolved: string } | undefined

/** Answers a request to create a pod; any other is allowed as it is. Rejects when the lookup does. */
export async function mutatePod (request: AdmissionRequest, lookup: Lookup, deadlineMs: number): Promise<Outcome> {
  if (request.operation !== 'CREATE' || request.subResource) return allowed()
  if (request.kind.kind !== 'Pod' || request.kind.group !== '') return errored(400, `this webhook patches pods, not ${escapeText(request.kind.kind)}`)
  const names = namesOf(request)
  if (typeof names === 'string') return errored(400, names)
  if (names === undefined) return allowed()
  const { namespace, name, expected } = names
  const looked = name === '' ? undefined : lookup(namespace, name, deadlineMs, expected)
  return answer(request.object, namespace, name, looked instanceof Promise ? await looked : looked)
}

interface Metadata {
  namespace?: unknown
  labels?: Record<string, unknown> | null
  annotations?: Record<string, unknown> | null
}

interface Named {
  namespace: string
  name: string
  expected: string | undefined
}

/** The TopicTen a pod is labelled for; undefined for a pod without the label; a text says what makes it no pod. */
function namesOf ({ object, namespace: requested }: AdmissionRequest): Named | undefined | string {
  if (typeof object !== 'object' || object === null) return 'request.object is no object'
  const metadata = (object as { metadata?: Metadata | null }).metadata ?? {}
  const name = metadata.labels?.[topicTenLabel]
  if (name === undefined) return undefined
  if (typeof name !== 'string') return `the pod's label ${topicTenLabel} is no text`
  // Older API servers leave the namespace of the object empty.
  const namespace = metadata.namespace || requested
  return typeof namespace === 'string' && namespace !== '' ? { namespace, name, expected: stateOf(metadata) } : 'neither the pod nor the request has a namespace'
}

function stateOf ({ annotations }: Metadata): string | undefined {
  const hash = annotations?.[injectedAnnotation]
  return typeof hash === 'string' ? hash : undefined
}

function answer (pod: unknown, namespace: string, name: string, found: Looked): Outcome {
  const which = `${kind} "${escapeText(name)}" in the namespace "${escapeText(namespace)}"`
  if (found === undefined) return denied(`the pod's label ${topicTenLabel} names no ${which}; expected one that exists, or no such label`)
  if ('unresolved' in found) return denied(`the ${which}, which the pod's label ${topicTenLabel} names, has no sound ARNs: ${found.unresolved}`)
  try {
    const { patch, warnings } = inject(pod, found)
    return patch === undefined ? allowed(warnings) : patched(patch, warnings)
  } catch (error) {
    if (error instanceof MalformedPod) return errored(400, error.message)
    throw error
  }
}
