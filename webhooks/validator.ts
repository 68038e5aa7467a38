// Judges a TopicTen that is to be created or changed. It refuses by the rules of `api/rules.ts` and changes nothing.
import { isDeepStrictEqual } from 'node:util'
import { kind } from '../api/names.ts'
import { formatViolation, violations, warnings, type Violation } from '../api/rules.ts'
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

function judge (request: AdmissionRequest, object: Unjudged, before: readonly Violation[]): Outcome {
  const spec = object.spec as TopicTenSpec
  const found = violations(spec)
  const fresh = found.filter(violation => !before.some(old => isSame(old, violation)))
  if (fresh.length > 0) return invalid(request, fresh.map(cause))
  return allowed(found.length > 0 ? found.map(formatViolation) : warnings(spec))
}

/** The same fault of the same value; in a list its place may have moved. */
function isSame (one: Violation, other: Violation): boolean {
  return one.fault === other.fault && one.found === other.found && place(one.field) === place(other.field)
}

function place (field: string): string {
  return field.replace(/\[\d+\]/, '')
}

function cause (violation: Violation): { field: string, message: string } {
  return { field: violation.field, message: formatViolation(violation).slice(violation.field.length + 2) }
}

function isObject (value: unknown): value is Unjudged {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
