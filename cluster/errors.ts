// What can go wrong between us and an API server: it said no (ApiError), or it could not be heard (ConnectionError).

/** One of `details.causes` of a Status. */
export interface StatusCause { reason?: string, message?: string, field?: string }

export interface StatusDetails { name?: string, kind?: string, group?: string, retryAfterSeconds?: number, causes?: StatusCause[] }

/** The `meta/v1` Status the API server sends with every refusal. */
export interface Status { message?: string, reason?: string, code?: number, details?: StatusDetails }

/** The API server answered with something else than success. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP code: 400..599. */
  readonly status: number
  /** `reason` of the Status, or the empty string: `NotFound`, `Conflict`, `Expired`, ... */
  readonly reason: string
  /** How long the server asks us to stay away, in milliseconds. */
  readonly retryAfterMs: number | undefined
  readonly details: StatusDetails | undefined

  constructor (message: string, status: number, found: Status = {}, retryAfterMs?: number) {
    super(message)
    this.status = status
    this.reason = found.reason ?? ''
    this.retryAfterMs = retryAfterMs
    this.details = found.details
  }
}

/** No answer: refused, reset, broken off, or too late. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  /** A system or TLS code such as `ECONNRESET`; `ETIMEDOUT` when our own deadline passed. */
  readonly code: string

  constructor (message: string, code: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

const hasStatus = (error: unknown, status: number): error is ApiError => error instanceof ApiError && error.status === status

export const isUnauthorized = (error: unknown): error is ApiError => hasStatus(error, 401)
export const isForbidden = (error: unknown): error is ApiError => hasStatus(error, 403)
export const isNotFound = (error: unknown): error is ApiError => hasStatus(error, 404)
/** The precondition (uid, resourceVersion) did not hold, or the object exists. */
export const isConflict = (error: unknown): error is ApiError => hasStatus(error, 409)
/** The resourceVersion or the continue token is too old: list again. */
export const isGone = (error: unknown): error is ApiError => hasStatus(error, 410)
/** The object breaks the rules of its kind, or a webhook refused it. */
export const isInvalid = (error: unknown): error is ApiError => hasStatus(error, 422)
export const isTooManyRequests = (error: unknown): error is ApiError => hasStatus(error, 429)
/** The namespace is being deleted: nothing can be created in it. */
export const isTerminatingNamespace = (error: unknown): error is ApiError =>
  isForbidden(error) && (error.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')

/** The `Retry-After` an error carries, in milliseconds; 0 without one. */
export const retryAfterMs = (error: unknown): number => error instanceof ApiError ? error.retryAfterMs ?? 0 : 0

/**
 * Makes the ApiError of an answer. `what` names the request, `body` is the Status as JSON or any text.
 * `retryAfter` is the header, in seconds as the API server writes it.
 */
export function apiErrorFrom (what: string, status: number, body: string, retryAfter?: string): ApiError {
  const found = parseStatus(body)
  const seconds = Number(retryAfter ?? found.details?.retryAfterSeconds)
  const message = found.message ?? (body.slice(0, 200).trim() || 'no body')
  return new ApiError(`${what}: ${status}${found.reason === undefined ? '' : ` ${found.reason}`}: ${message}`, status, found,
    Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined)
}

function parseStatus (body: string): Status {
  try {
    const found: unknown = JSON.parse(body)
    return typeof found === 'object' && found !== null ? found : {}
  } catch {
    return {}
  }
}
