// Answers for a pod: finds the TopicTen its label names, and has the injector patch it.
import { kind, topicTenLabel } from '../api/names.ts'
import { escapeText } from '../api/text.ts'
import type { ResolvedArns } from '../api/topicten.ts'
import { inject, MalformedPod } from './injector.ts'
import { allowed, denied, errored, patched, type AdmissionRequest, type Outcome } from './review.ts'

/**
 * What a TopicTen resolves to: undefined when there is none of that name, `unresolved` with the reason when it is there but
 * has no sound ARNs. At best an object that stays the same as long as the TopicTen does, and not wrapped in a promise when it
 * is in the cache. Within `deadlineMs` milliseconds, or it rejects.
 */
export type Lookup = (namespace: string, name: string, deadlineMs: number) => Looked | Promise<Looked>
export type Looked = ResolvedArns | { unresolved: string } | undefined

interface Labelled {
  metadata?: { namespace?: unknown, labels?: Record<string, unknown> | null } | null
}

/** Answers a request to create a pod; any other is allowed as it is. Rejects when the lookup does. */
export async function mutatePod (request: AdmissionRequest, lookup: Lookup, deadlineMs: number): Promise<Outcome> {
  if (request.operation !== 'CREATE' || request.subResource) return allowed()
  if (request.kind.kind !== 'Pod' || request.kind.group !== '') return errored(400, `this webhook patches pods, not ${request.kind.kind}`)
  const pod = request.object as Labelled | null | undefined
  const name = pod?.metadata?.labels?.[topicTenLabel]
  if (name === undefined) return allowed()
  // Older API servers leave the namespace of the object empty.
  const namespace = pod?.metadata?.namespace || request.namespace
  if (typeof name !== 'string' || typeof namespace !== 'string') return errored(400, 'the pod has no namespace, or a label that is no text')
  if (name === '') return denied(`the pod's label ${topicTenLabel} is empty; expected the name of a TopicTen in the namespace "${escapeText(namespace)}"`)
  const looked = lookup(namespace, name, deadlineMs)
  return answer(pod, namespace, name, looked instanceof Promise ? await looked : looked)
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
