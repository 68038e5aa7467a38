// The requests an elector makes about its one Lease; each is safe against all others by its precondition.
import type { Client } from './client.ts'
import { isConflict, isNotFound } from './errors.ts'
import { claimed, holderOf, projectLease, released } from './lease.ts'
import type { Claim, Lease } from './lease.ts'

export interface LeaseRequests {
  /** The collection to watch, and the selector of the one lease: a watch by name works under RBAC's resourceNames. */
  readonly path: string
  readonly query: { fieldSelector: string }
  /** undefined: there is none. */
  get (timeoutMs: number): Promise<Lease | undefined>
  /** Rejects with a conflict when the lease is no more the one given. */
  put (lease: Lease, timeoutMs: number): Promise<Lease>
  /** Rejects with a conflict when there is one. */
  create (claim: Claim, timeoutMs: number): Promise<Lease>
  /** Gives up the lease its holder last saw as given, also when a renewal whose answer was lost came after. */
  release (last: Lease, date: Date, timeoutMs: number): Promise<void>
}

const leaseType = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }

export function createLeaseRequests (client: Client, namespace: string, name: string): LeaseRequests {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const own = `${path}/${name}`

  async function get (timeoutMs: number): Promise<Lease | undefined> {
    try {
      return projectLease(await client.get(own, { timeoutMs }))
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  // A PUT makes a Lease that is gone anew, unless the body carries the uid of the old one: then it is a conflict.
  async function put (lease: Lease, timeoutMs: number): Promise<Lease> {
    return projectLease(await client.request('PUT', own, { body: { ...lease, ...leaseType }, timeoutMs }))
  }

  return {
    path,
    query: { fieldSelector: `metadata.name=${name}` },
    get,
    put,
    async release (last, date, timeoutMs) {
      try {
        await put(released(last, date), timeoutMs)
      } catch (error) {
        const found = isConflict(error) ? await get(timeoutMs) : undefined
        if (found === undefined || holderOf(found) !== holderOf(last)) throw error
        await put(released(found, date), timeoutMs)
      }
    },
    async create (claim, timeoutMs) {
      // An apply, as RBAC can bind that to a name and a POST not. No live object has version 1, so it never hits one that is there.
      const blank = { ...leaseType, metadata: { name, namespace, resourceVersion: '1' }, spec: {} }
      const { spec: { leaseTransitions: _, ...spec }, ...rest } = claimed(blank, claim)
      const body = { ...rest, spec: { ...spec, leaseTransitions: 0 } }
      return projectLease(await client.apply(own, body, { fieldManager: name, timeoutMs }))
    }
  }
}
