// Judges a TopicTen that is to be created or changed. It refuses by the rules of `api/rules.ts` and changes nothing.
import { isDeepStrictEqual } from 'node:util'
import { kind } from '../api/names.ts'
import type { Violation } from '../api/fault.ts'
import { examine, formatViolation, violations } from '../api/rules.ts'
import type { TopicTenSpec } from '../api/topicten.ts'
import { allowed, errored, invalid, type AdmissionRequest, type Outcome } from './review.ts'

/** As much as is known of a TopicTen before it is judged. */
interface Unjudged {
  metadata?: { deletionTimestamp?: unknown }
  spec?: TopicTenSpec
}

/**
 * Judges all of a new TopicTen; of an update what it changes: a violation that the old object has as well is a warning, so
 * that labels, finalizers and single fields of an object from before a rule can still be changed. A deletion, and all that
 * happens while one is under way, is allowed.
 */
export function validateTopicTen (request: AdmissionRequest): Outcome {
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return allowed()
  if (request.kind.kind !== kind) return errored(400, `this webhook judges ${kind} objects, not ${request.kind.kind}`)
  const { object, oldObject } = request
  if (!isObject(object)) return errored(400, 'request.object is no object')
  if (request.operation === 'CREATE' || !isObject(oldObject)) return judge(request, object, [])
  if (object.metadata?.deletionTimestamp || isDeepStrictEqual(object.spec, oldObject.spec)) return allowed()
  return judge(request, object, violations(oldObject.spec as TopicTenSpec))
}

/** More than a person reads. */
const maxTold = 100

function judge (request: AdmissionRequest, object: Unjudged, before: readonly Violation[]): Outcome {
  const { violations: found, warnings } = examine(object.spec as TopicTenSpec)
  const known = new Set(before.map(identity))
  const fresh = known.size === 0 ? found : found.filter(violation => !known.has(identity(violation)))
  if (fresh.length === 0) return allowed(found.length === 0 ? warnings : found.slice(0, maxTold).map(formatViolation))
  const causes = fresh.slice(0, maxTold).map(cause)
  if (fresh.length > maxTold) causes.push({ field: 'spec', message: `and ${fresh.length - maxTold} more violations` })
  return invalid(request, causes)
}

/** The same fault of the same value is the same violation; in a list its place may have moved. */
function identity ({ field, found, fault }: Violation): string {
  return JSON.stringify([field, found, fault]).replace(/\[\d+\]/g, '')
}

function cause (violation: Violation): { field: string, message: string } {
  return { field: violation.field, message: formatViolation(violation).slice(violation.field.length + 2) }
}

function isObject (value: unknown): value is Unjudged {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
