// Tells errors apart: what may pass by itself and is tried again, and what will not.
import { escapeText, typeName } from '../api/text.ts'

/** Few words, as they are a metric's label. */
export type FaultKind =
  | 'throttled' | 'unavailable' | 'timeout' | 'network' | 'conflict' | 'credentials' | 'clock'
  | 'denied' | 'missing' | 'disabled' | 'invalid' | 'unfit' | 'aborted' | 'other'

export interface FaultVerdict {
  kind: FaultKind
  /** Whether the same call may work a little later. */
  retryable: boolean
  /** The error's own name. */
  name: string
  /** The error's words, made safe to show. */
  words: string
}

/** An answer that lacks what it must have. */
export class BrokenReply extends Error {
  override readonly name = 'BrokenReply'
}

/** A call that has not ended in its time. */
export class CallTimeout extends Error {
  override readonly name = 'CallTimeout'
}

const retryableKinds: ReadonlySet<FaultKind> = new Set(['throttled', 'unavailable', 'timeout', 'network', 'conflict', 'credentials', 'clock'])

// Names decide before statuses: KMS answers 409 for a key in a state that does not pass, and 400 for one that is throttled.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html#API_Encrypt_Errors
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
const kindsByName = new Map<string, FaultKind>(Object.entries({
  throttled: `Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException TooManyRequestsException
    RequestLimitExceeded LimitExceededException ProvisionedThroughputExceededException BandwidthLimitExceeded SlowDown
    PriorRequestNotComplete`,
  unavailable: `KeyUnavailableException KMSInternalException DependencyTimeoutException InternalServerError InternalError InternalFailure
    ServiceUnavailable ServiceUnavailableException BrokenReply SyntaxError`,
  timeout: 'CallTimeout TimeoutError RequestTimeout RequestTimeoutException',
  conflict: 'ConditionalRequestConflict OperationAborted OperationAbortedException PreconditionFailed TransactionConflictException',
  credentials: `CredentialsProviderError TokenProviderError ProviderError ExpiredToken ExpiredTokenException IDPCommunicationError
    InvalidIdentityToken InvalidIdentityTokenException`,
  clock: 'RequestTimeTooSkewed RequestExpired RequestInTheFuture',
  denied: `AccessDenied AccessDeniedException UnrecognizedClientException InvalidClientTokenId InvalidAccessKeyId SignatureDoesNotMatch
    IncompleteSignature MissingAuthenticationToken OptInRequired`,
  missing: 'NotFoundException NotFound ResourceNotFoundException NoSuchBucket NoSuchKey',
  disabled: 'DisabledException KMSInvalidStateException',
  invalid: 'ValidationException InvalidParameterException InvalidKeyUsageException InvalidGrantTokenException EventRejected',
  unfit: 'UnfitStorage',
  aborted: 'AbortError'
} satisfies Partial<Record<FaultKind, string>>).flatMap(([kind, names]) =>
  names.split(/\s+/).map(name => [name, kind as FaultKind] as const)))

/** What the codes of Node's sockets, name look-ups and TLS begin with. */
const networkCode = new RegExp('^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET|EADDRNOTAVAIL|HPE_|ERR_SSL|ERR_TLS|ERR_STREAM|CERT_|' +
  'UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)')

/** Judges whatever a call threw. Never throws. */
export function judgeError (error: unknown): FaultVerdict {
  const name = nameOf(error)
  const kind = kindOf(error, name)
  const words = error instanceof Error ? error.message : `${typeName(error)} was thrown`
  return { kind, retryable: retryableKinds.has(kind), name: escapeText(name), words: escapeText(words) }
}

/** The name AWS gave an error; `Error` when it has none. */
export function nameOf (error: unknown): string {
  const name = field(error, 'name')
  return typeof name === 'string' ? name : 'Error'
}

/** The HTTP status of the answer that an error was made of; undefined when there was no answer. */
export function statusOf (error: unknown): number | undefined {
  const status = field(field(error, '$metadata'), 'httpStatusCode')
  return typeof status === 'number' ? status : undefined
}

function kindOf (error: unknown, name: string): FaultKind {
  if (name === 'InvalidSignatureException') return isSkew(error) ? 'clock' : 'denied'
  const code = field(error, 'code')
  if (typeof code === 'string' && networkCode.test(code)) return code === 'ETIMEDOUT' ? 'timeout' : 'network'
  const status = statusOf(error)
  // A SyntaxError without an answer is a fault of ours.
  if (name === 'SyntaxError' && status === undefined) return 'other'
  return kindsByName.get(name) ?? kindOfStatus(status)
}

/** The SDK learns the difference of the clocks from the answer, so that the next request is signed right. */
function isSkew (error: unknown): boolean {
  return /signature (expired|not yet current)/i.test(error instanceof Error ? error.message : '')
}

const kindsByStatus: Record<number, FaultKind> = {
  401: 'denied', 403: 'denied', 404: 'missing', 408: 'timeout', 409: 'conflict', 412: 'conflict', 429: 'throttled'
}

function kindOfStatus (status: number | undefined): FaultKind {
  if (status === undefined) return 'other'
  // Below 300: an answer that was well until it broke.
  if (status >= 500 || status < 300) return 'unavailable'
  return kindsByStatus[status] ?? 'invalid'
}

function field (value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined
}
