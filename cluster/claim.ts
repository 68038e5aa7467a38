// What a candidate writes into the Lease when it takes it.
import type { ElectorSettings } from './elector-options.ts'
import type { Claim, Lease, OwnerReference } from './lease.ts'

/** Gives the claim of this moment on a lease. The owner is asked for once it is needed, and again after that failed. */
export function createClaims (settings: ElectorSettings): (lease: Lease | undefined) => Promise<Claim> {
  const { identity, leaseDurationMs: durationMs, owner, wallClock, namespace, name, log } = settings
  let known: OwnerReference | undefined

  async function ask (): Promise<OwnerReference | undefined> {
    try {
      known ??= typeof owner === 'function' ? await owner() : owner
    } catch (err) {
      log.warn({ lease: `${namespace}/${name}`, err }, 'owner of the lease not known')
    }
    return known
  }

  return async lease => {
    const isOwned = (lease?.metadata.ownerReferences ?? []).length > 0
    return { identity, durationMs, owner: isOwned ? undefined : await ask(), date: wallClock() }
  }
}
