// Has Flux look at one of its objects now, whatever its interval.
import { randomUUID } from 'node:crypto'
import type { PlaneAccess } from '../access.ts'

export interface FluxObject {
  /** As kubectl knows it. */
  kind: 'gitrepository' | 'helmchart' | 'helmrelease' | 'kustomization'
  namespace: string
  name: string
}

/** Resolves when the object's controller has looked at it since; rejects with kubectl's words when it has not after a minute. */
export async function reconcile (plane: PlaneAccess, { kind, namespace, name }: FluxObject): Promise<void> {
  const request = randomUUID()
  const object = [kind, name, `--namespace=${namespace}`]
  await plane.kubectl(['annotate', ...object, '--overwrite', `reconcile.fluxcd.io/requestedAt=${request}`])
  await plane.kubectl(['wait', ...object, `--for=jsonpath={.status.lastHandledReconcileAt}=${request}`, '--timeout=60s'])
}
