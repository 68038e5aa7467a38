// The faults that a fake AWS shows on demand: which call meets which, drawn from a seed.
import { createHash } from 'node:crypto'
import { Refusal, type ServiceName } from './answer.ts'

/**
 * throttle: too many requests. error: a failure of AWS's own (5xx). hang: no answer. reset: the connection is cut before anything
 * happened. lost: it is cut after the effect. conflict: another write to the same key at the same time (409, conditional PutObject
 * only). denied: no permission.
 */
export type FaultKind = 'throttle' | 'error' | 'hang' | 'reset' | 'lost' | 'conflict' | 'denied'

export interface FaultPlan {
  /** One of them is drawn for each call that is to fail. */
  kinds: readonly FaultKind[]
  /** The share of calls that fail, 0 to 1; default 1. */
  rate?: number
  /** The same seed fails the same calls, counted in the order they come; default 0. */
  seed?: number
  /** Default: all operations. */
  operations?: readonly string[]
  /** So many fitting calls pass first; default 0. */
  after?: number
  /** No more faults than this; default no limit. */
  count?: number
}

/** What is asked of a plan about one call. */
export interface FaultQuestion {
  operation: string
  /** A PutObject with If-Match or If-None-Match. */
  conditional: boolean
}

/** The fault of each next call, or none. */
export type FaultSource = (question: FaultQuestion) => FaultKind | undefined

export function openFaults ({ kinds, rate = 1, seed = 0, operations, after = 0, count = Infinity }: FaultPlan): FaultSource {
  let seen = 0
  let made = 0
  return ({ operation, conditional }) => {
    if (operations !== undefined && !operations.includes(operation)) return undefined
    const fitting = kinds.filter(kind => kind !== 'conflict' || conditional)
    const index = seen++
    const [chance, choice] = draw(seed, index)
    if (index < after || made >= count || chance >= rate || fitting.length === 0) return undefined
    made++
    return fitting[Math.floor(choice * fitting.length)]
  }
}

const throttles: Record<ServiceName, readonly [code: string, status: number]> = {
  kms: ['ThrottlingException', 400],
  s3: ['SlowDown', 503],
  dynamodb: ['ProvisionedThroughputExceededException', 400],
  logs: ['ThrottlingException', 400],
  sts: ['Throttling', 400],
  container: ['ThrottlingException', 429]
}

const errors: Record<ServiceName, readonly [code: string, status: number]> = {
  kms: ['KMSInternalException', 500],
  s3: ['InternalError', 500],
  dynamodb: ['InternalServerError', 500],
  logs: ['ServiceUnavailableException', 503],
  sts: ['InternalFailure', 500],
  container: ['InternalServerException', 500]
}

/** What AWS says when a call meets a fault that has words. */
export function refusalOf (kind: 'throttle' | 'error' | 'conflict' | 'denied', service: ServiceName): Refusal {
  if (kind === 'conflict') return new Refusal('ConditionalRequestConflict', 409, 'The conditional request cannot succeed due to a conflicting operation against this resource.')
  if (kind === 'denied') return service === 's3' ? new Refusal('AccessDenied', 403, 'Access Denied') : new Refusal('AccessDeniedException', 400, 'User is not authorized to perform this operation.')
  const [code, status] = (kind === 'throttle' ? throttles : errors)[service]
  return new Refusal(code, status, kind === 'throttle' ? 'Rate exceeded' : 'We encountered an internal error. Please try again.')
}

/** Two numbers from 0 to below 1 that look random and depend on seed and index alone. */
function draw (seed: number, index: number): [number, number] {
  const hash = createHash('sha256').update(`${seed}/${index}`).digest()
  return [hash.readUInt32BE(0) / 2 ** 32, hash.readUInt32BE(4) / 2 ** 32]
}
