// What an AdmissionReview is: its request taken out and checked, and an outcome written back as the response.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request
import { Ajv, type ErrorObject } from 'ajv'

export interface AdmissionRequest {
  uid: string
  kind: { group: string, version: string, kind: string }
  /** Empty or absent for a request on the object itself. */
  subResource?: string
  name?: string
  namespace?: string
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  /** Null or absent for DELETE. Not checked here: what it is, is the webhook's to judge. */
  object?: unknown
  oldObject?: unknown
}

/** One fault of one field, as `kubectl` prints it under "The TopicTen … is invalid". */
export interface Cause {
  field: string
  message: string
}

interface Refusal {
  allowed: false
  /** HTTP code of the Status that the API server's client gets: 400..599. */
  code: number
  reason: 'Invalid' | 'Forbidden' | 'BadRequest' | 'InternalError'
  message: string
  /** What was refused and why, for clients that read more than the message. */
  details?: { group: string, kind: string, name: string, causes: { reason: 'FieldValueInvalid', field: string, message: string }[] }
  warnings: readonly string[]
}

/** What a webhook answers. A refusal, ours or by a fault of ours, is an answer like any other. */
export type Outcome = { allowed: true, patch?: string, warnings: readonly string[] } | Refusal

const nothing: readonly string[] = []

export function allowed (warnings = nothing): Outcome {
  return { allowed: true, warnings }
}

/** @param patch the text of a JSON Patch, https://www.rfc-editor.org/rfc/rfc6902 */
export function patched (patch: string, warnings = nothing): Outcome {
  return { allowed: true, patch, warnings }
}

/** Refused for what it asks. */
export function denied (message: string, warnings = nothing): Outcome {
  return { allowed: false, code: 403, reason: 'Forbidden', message, warnings }
}

/** Refused for faults of its fields; the message has them all, one a line. */
export function invalid ({ kind: { group, kind }, name = '' }: AdmissionRequest, causes: readonly Cause[], warnings = nothing): Outcome {
  return {
    allowed: false,
    code: 422,
    reason: 'Invalid',
    message: causes.map(({ field, message }) => `${field}: ${message}`).join('\n'),
    details: { group, kind, name, causes: causes.map(cause => ({ reason: 'FieldValueInvalid', ...cause })) },
    warnings
  }
}

/** Refused because it could not be judged: 400 for what the caller sent, 500 for a fault of ours. */
export function errored (code: 400 | 500, message: string): Outcome {
  return { allowed: false, code, reason: code === 400 ? 'BadRequest' : 'InternalError', message, warnings: nothing }
}

const text = { type: 'string' } as const

// `object` and `oldObject` are left open, and unknown fields are let through: newer API servers may send them.
const validate = new Ajv({ strict: true }).compile({
  type: 'object',
  required: ['apiVersion', 'kind', 'request'],
  properties: {
    apiVersion: { const: 'admission.k8s.io/v1' },
    kind: { const: 'AdmissionReview' },
    request: {
      type: 'object',
      required: ['uid', 'kind', 'operation'],
      properties: {
        // A UUID from every API server; bounded, because it goes into the answer and the log.
        uid: { type: 'string', minLength: 1, maxLength: 256 },
        kind: { type: 'object', required: ['group', 'version', 'kind'], properties: { group: text, version: text, kind: text } },
        subResource: text,
        name: text,
        namespace: text,
        operation: { enum: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] }
      }
    }
  }
})

/** A body that is no AdmissionReview with a uid; its message says what is wrong with it. */
export class MalformedReview extends Error {
  readonly statusCode = 400
}

/** Takes the request out of a parsed body; throws a MalformedReview. */
export function parseReview (body: unknown): AdmissionRequest {
  if (validate(body)) return (body as { request: AdmissionRequest }).request
  throw new MalformedReview(`the body is no AdmissionReview of admission.k8s.io/v1: ${explain(validate.errors?.[0])}`)
}

function explain (error: ErrorObject | undefined): string {
  const where = error?.instancePath.slice(1).replaceAll('/', '.') || 'it'
  if (error?.keyword === 'const') return `${where} must be ${String(error.params['allowedValue'])}`
  if (error?.keyword === 'enum') return `${where} must be one of ${String(error.params['allowedValues'])}`
  return `${where} ${error?.message ?? 'is wrong'}`
}

/** The AdmissionReview that answers a request, as JSON. */
export function renderReview (uid: string, outcome: Outcome): string {
  return `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":${JSON.stringify(uid)},${renderOutcome(outcome)}${renderWarnings(outcome.warnings)}}}`
}

function renderOutcome (outcome: Outcome): string {
  if (!outcome.allowed) {
    const { code, reason, message, details } = outcome
    return `"allowed":false,"status":${JSON.stringify({ status: 'Failure', code, reason, message, details })}`
  }
  if (outcome.patch === undefined) return '"allowed":true'
  return `"allowed":true,"patchType":"JSONPatch","patch":"${Buffer.from(outcome.patch).toString('base64')}"`
}

function renderWarnings (warnings: readonly string[]): string {
  return warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`
}
