// The requests an elector makes about its one Lease; each is safe against all others by its precondition.
import type { Client } from './client.ts'
import { isNotFound } from './errors.ts'
import { claimed, projectLease } from './lease.ts'
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
}

const leaseType = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }

export function createLeaseRequests (client: Client, namespace: string, name: string): LeaseRequests {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const own = `${path}/${name}`
  return {
    path,
    query: { fieldSelector: `metadata.name=${name}` },
    async get (timeoutMs) {
      try {
        return projectLease(await client.get(own, { timeoutMs }))
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    async put (lease, timeoutMs) {
      // A PUT makes a Lease that is gone anew, unless the body carries the uid of the old one: then it is a conflict.
      return projectLease(await client.request('PUT', own, { body: { ...lease, ...leaseType }, timeoutMs }))
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
