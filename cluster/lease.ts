// What a Lease says and how it changes hands; pure. https://kubernetes.io/docs/concepts/architecture/leases/
import type { KubernetesObject } from './list.ts'
import { microTime } from './micro-time.ts'

export interface OwnerReference { apiVersion: string, kind: string, name: string, uid: string }

export interface LeaseSpec {
  holderIdentity?: string
  leaseDurationSeconds?: number
  acquireTime?: string
  renewTime?: string
  leaseTransitions?: number
}

export interface Lease extends KubernetesObject {
  metadata: KubernetesObject['metadata'] & { ownerReferences?: OwnerReference[], managedFields?: unknown }
  spec: LeaseSpec
}

/** The lease as last seen, and when, by our own monotonic clock, its spec was seen to change. */
export interface Observation {
  /** undefined: there is none. */
  lease: Lease | undefined
  /** Milliseconds. */
  changedAt: number
  /** A lease that vanished while someone held it binds us as long as it would have, in milliseconds of the same clock. */
  boundUntil: number
}

/** Nothing seen yet, so nothing to respect. */
export const nothingObserved: Observation = { lease: undefined, changedAt: 0, boundUntil: 0 }

/** The lease without what only the API server needs, to be kept. */
export function projectLease (found: KubernetesObject): Lease {
  const { metadata: { managedFields: _, ...metadata }, spec = {}, ...rest } = found as Lease
  return { ...rest, metadata, spec }
}

export const holderOf = (lease: Lease | undefined): string | undefined => lease?.spec.holderIdentity || undefined

/** Whether `found` is not older than `known`: both are decimal numbers of any length. */
export function isCurrent (found: Lease, known: Lease | undefined): boolean {
  const [a, b] = [found.metadata.resourceVersion ?? '', known?.metadata.resourceVersion ?? '']
  return a.length === b.length ? a >= b : a.length > b.length
}

/** Takes in what was seen; the same observation when it is older than what is known. */
export function observe (known: Observation, lease: Lease | undefined, identity: string, now: number): Observation {
  if (lease === undefined) {
    const bound = known.lease !== undefined && waitMs(known, identity, now, Infinity) > 0
    return { lease, changedAt: now, boundUntil: bound ? expiryOf(known) : 0 }
  }
  if (!isCurrent(lease, known.lease)) return known
  const same = known.lease !== undefined && JSON.stringify(known.lease.spec) === JSON.stringify(lease.spec)
  return { lease, changedAt: same ? known.changedAt : now, boundUntil: 0 }
}

// The times written in the lease are of another machine's clock and count for nothing.
function expiryOf ({ lease, changedAt }: Observation, defaultMs = 0): number {
  const seconds = lease?.spec.leaseDurationSeconds
  return changedAt + (seconds === undefined ? defaultMs : seconds * 1000)
}

/**
 * How long `identity` has to wait before it may take the lease, in milliseconds; at most 0: it is free, expired, or named after us
 * (a restarted process, or a request whose answer never came).
 */
export function waitMs (known: Observation, identity: string, now: number, defaultMs: number): number {
  const holder = holderOf(known.lease)
  if (known.lease === undefined) return known.boundUntil - now
  return holder === undefined || holder === identity ? 0 : expiryOf(known, defaultMs) - now
}

export interface Claim { identity: string, durationMs: number, owner: OwnerReference | undefined, date: Date }

/** The lease as its new holder writes it. */
export function claimed (lease: Lease, { identity, durationMs, owner, date }: Claim): Lease {
  const { leaseTransitions = 0, holderIdentity } = lease.spec
  const ownerReferences = lease.metadata.ownerReferences ?? (owner === undefined ? undefined : [owner])
  return {
    ...lease,
    metadata: { ...lease.metadata, ...(ownerReferences === undefined ? {} : { ownerReferences }) },
    spec: {
      ...lease.spec,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      acquireTime: microTime(date),
      renewTime: microTime(date),
      leaseTransitions: holderIdentity === identity ? leaseTransitions : leaseTransitions + 1
    }
  }
}

export const renewed = (lease: Lease, date: Date): Lease => ({ ...lease, spec: { ...lease.spec, renewTime: microTime(date) } })

/** Nobody's: the next candidate may take it at once. */
export const released = (lease: Lease, date: Date): Lease => ({
  ...lease,
  spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: microTime(date), renewTime: microTime(date) }
})
