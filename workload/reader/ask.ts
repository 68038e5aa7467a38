// Sends one request to AWS and says in one sentence why it failed.
import { escapeText } from '../../api/text.ts'

export interface Question {
  /** For people: "S3 ListObjectsV2". */
  operation: string
  /** Of the resource that is asked about. */
  arn: string
  /** What IAM calls the right to ask: "s3:ListBucket". */
  right: string
}

/** AWS could not be asked: the message is one sentence with operation, ARN and what to look after. */
export class AskError extends Error {
  override readonly name = 'AskError'
}

/**
 * Gives what `send` gives, or undefined when it fails by one of the errors named in `absent`.
 * @throws {AskError} when it fails otherwise
 */
export async function ask<T> (question: Question, send: () => Promise<T>): Promise<T>
export async function ask<T> (question: Question, send: () => Promise<T>, absent: string[]): Promise<T | undefined>
export async function ask<T> (question: Question, send: () => Promise<T>, absent: string[] = []): Promise<T | undefined> {
  try {
    return await send()
  } catch (error) {
    if (absent.includes(errorName(error))) return undefined
    throw new AskError(sentenceOf(error, question), { cause: error })
  }
}

/** What AWS, the SDK or Node calls the error: "NoSuchKey", "ECONNREFUSED". */
export function errorName (error: unknown): string {
  if (!(error instanceof Error)) return 'Error'
  // Some errors of a connection are called Error and have the real name as their code.
  return error.name === 'Error' && 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** Why an error was, and what to look after; the first whose names it has. */
const causes: [RegExp, (question: Question) => string][] = [
  [/^(AccessDenied|AccessDeniedException|Forbidden|403|UnauthorizedOperation)$/,
    ({ right }) => `was denied; the right ${right} on it may be missing, in the caller's policy or the resource's`],
  [/^(NoSuchBucket|ResourceNotFoundException|NotFoundException|NotFound)$/,
    () => 'found nothing there; check the ARN, its account and its region'],
  [/^(CredentialsProviderError|TokenProviderError)$/,
    () => 'could not be sent; no credentials were found in the environment, the shared files or the container'],
  [/^(ExpiredToken|ExpiredTokenException|UnrecognizedClientException|InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignatureException|RequestTimeTooSkewed)$/,
    () => 'was refused for its credentials; they may be expired, of another partition, or the clock wrong'],
  [/Throttl|^(SlowDown|TooManyRequestsException|ProvisionedThroughputExceededException|LimitExceededException|RequestLimitExceeded)$/,
    () => 'was throttled again and again; try again later'],
  [/^(DisabledException|KMSInvalidStateException|KeyUnavailableException|InvalidKeyUsageException)$/,
    () => 'was refused for the key\'s state; it must be enabled and be a key to encrypt and decrypt with'],
  [/^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/,
    () => 'went to the wrong region; name the bucket\'s with --region'],
  [/^(TimeoutError|AbortError|RequestTimeout|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|ERR_STREAM_PREMATURE_CLOSE|EHOSTUNREACH|ENETUNREACH)$/,
    () => 'got no answer; check the network and, if one is set, AWS_ENDPOINT_URL']
]

function sentenceOf (error: unknown, question: Question): string {
  const name = errorName(error)
  const why = causes.find(([names]) => names.test(name))?.[1](question) ?? `failed; it needs the right ${question.right}`
  const said = error instanceof Error ? escapeText(error.message) : ''
  return `${question.operation} on ${question.arn} ${why} (${escapeText(name)}${said === '' || said === name ? '' : `: ${said}`})`
}
