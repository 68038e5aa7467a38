// Decides whether a signed request is let in: a known key, in time, for this service and a region there is.
import { partitionOfRegion } from '../../api/region.ts'
import { Refusal, type ServiceName } from './answer.ts'
import type { Keyring } from './keyring.ts'
import { headerOf, type AwsRequest } from './request.ts'
import { isBodySigned, isSigned, parseAuthorization, type Authorization } from './signature.ts'

/** Why a request is not let in: S3 has its own code for each, the others share one. */
const refusals = {
  unsigned: { code: 'MissingAuthenticationTokenException', s3: 'AccessDenied' },
  unknown: { code: 'UnrecognizedClientException', s3: 'InvalidAccessKeyId' },
  expired: { code: 'ExpiredTokenException', s3: 'ExpiredToken' },
  scope: { code: 'InvalidSignatureException', s3: 'AuthorizationHeaderMalformed' },
  late: { code: 'InvalidSignatureException', s3: 'RequestTimeTooSkewed' },
  forged: { code: 'InvalidSignatureException', s3: 'SignatureDoesNotMatch' },
  altered: { code: 'InvalidSignatureException', s3: 'XAmzContentSHA256Mismatch' }
} as const

const skewMs = 15 * 60_000

/** The scope a request was signed for. Throws Refusal when it must not be let in. */
export function authenticate (request: AwsRequest, service: ServiceName, keyring: Keyring, now: number): Authorization {
  const authorization = parseAuthorization(headerOf(request, 'authorization'))
  if (authorization === undefined) throw refuse(service, 'unsigned', 'The request has no Signature Version 4.')
  judgeScope(request, authorization, service)
  if (Math.abs(timeOf(headerOf(request, 'x-amz-date')) - now) > skewMs) throw refuse(service, 'late', 'Signature expired: the clocks differ by more than 15 minutes.')
  const credentials = keyring.find(authorization.accessKeyId)
  if (credentials === undefined || (credentials.sessionToken ?? '') !== headerOf(request, 'x-amz-security-token')) {
    throw refuse(service, 'unknown', 'The security token included in the request is invalid.')
  }
  if (credentials.expires !== undefined && credentials.expires <= now) throw refuse(service, 'expired', 'The security token included in the request is expired.')
  if (!isSigned(request, authorization, credentials.secretAccessKey)) {
    throw refuse(service, 'forged', 'The request signature we calculated does not match the signature you provided.')
  }
  if (!isBodySigned(request)) throw refuse(service, 'altered', 'The provided x-amz-content-sha256 does not match what was computed.')
  return authorization
}

function judgeScope (request: AwsRequest, { date, region, service: signed }: Authorization, service: ServiceName): void {
  if (signed !== service) throw refuse(service, 'scope', `Credential should be scoped to correct service: '${service}', not '${signed}'.`)
  if (partitionOfRegion(region) === undefined) throw refuse(service, 'scope', `Credential should be scoped to a valid region, not '${region}'.`)
  if (!headerOf(request, 'x-amz-date').startsWith(date)) throw refuse(service, 'scope', 'Date in Credential scope does not match the date of the request.')
}

function refuse (service: ServiceName, why: keyof typeof refusals, message: string): Refusal {
  const { code, s3 } = refusals[why]
  return service === 's3' ? new Refusal(s3, why === 'scope' || why === 'expired' || why === 'altered' ? 400 : 403, message) : new Refusal(code, 400, message)
}

/** Milliseconds of an x-amz-date, YYYYMMDDTHHMMSSZ; NaN (never in time) for anything else. */
function timeOf (date: string): number {
  const time = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'))
  return Number.isNaN(time) ? Infinity : time
}
