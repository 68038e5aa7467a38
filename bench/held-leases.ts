// Keeps operators from leading: whatever lease they stand for is held by nobody they know. What they do without leading is then measured
// alone.
import type { V1Lease, V1LeaseList } from '@kubernetes/client-node'
import type { Client } from '../cluster/client.ts'

const renewMs = 2000

/** Holds every lease of the namespace until `release`, which leaves them to run out. */
export async function holdLeases (client: Client, namespace: string): Promise<{ release: () => void }> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const { items } = await client.get<V1LeaseList>(path)
  const renew = async ({ metadata }: V1Lease) => {
    // https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ has microseconds.
    const now = new Date().toISOString().replace('Z', '000Z')
    await client.mergePatch(`${path}/${metadata?.name}`, { spec: { holderIdentity: 'bench', leaseDurationSeconds: 15, renewTime: now } })
  }
  const renewAll = () => Promise.all(items.map(renew))
  await renewAll()
  const timer = setInterval(() => { renewAll().catch(() => {}) }, renewMs)
  return { release: () => { clearInterval(timer) } }
}
