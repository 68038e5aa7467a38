// Finds out under which path the API server serves a kind: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
import type { Client } from './client.ts'
import { isNotFound } from './errors.ts'

export interface ServedKind {
  /** As in paths. */
  plural: string
  namespaced: boolean
}

interface ResourceList {
  resources?: Array<{ name: string, kind: string, namespaced: boolean }>
}

/** undefined: the API server serves no such kind (now). Rejects as the client does. */
export async function findKind (client: Client, apiVersion: string, kind: string, signal: AbortSignal): Promise<ServedKind | undefined> {
  try {
    const { resources = [] } = await client.get<ResourceList>(`/apis/${apiVersion}`, { signal })
    // Subresources have a slash in their names.
    const found = resources.find(resource => resource.kind === kind && !resource.name.includes('/'))
    return found && { plural: found.name, namespaced: found.namespaced }
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
