// Plays the AWS providers of Crossplane: each managed resource gets the ARN that AWS would give it, and is Ready. No AWS is asked.
import { randomUUID } from 'node:crypto'
import { createClient } from '../../cluster/client.ts'
import { loadClusterConfig } from '../../cluster/config.ts'
import type { Logger } from '../../cluster/logger.ts'
import { createReflector, type KubernetesObject } from '../../cluster/reflector.ts'
import type { PlaneAccess } from '../access.ts'
import { applyCrds } from '../crds.ts'
import { groupOf, type ManagedKind, managedKinds, providerCrds } from './managed-kinds.ts'

export interface Provider {
  /** Nothing gets an ARN until `release`. */
  hold (): void
  /** Serves those that waited, and all that come. Resolves when those that waited have their ARNs. */
  release (): Promise<void>
  stop (): Promise<void>
}

interface Managed extends KubernetesObject {
  metadata: KubernetesObject['metadata'] & { generation?: number, annotations?: Record<string, string> }
  spec: { forProvider: { region: string } }
  status?: { observedGeneration?: number, atProvider?: { arn?: string } }
}

const account = '111122223333'

/** Gives the plane the providers' kinds (stand-ins) and starts to serve them. Resolves when it watches all. */
export async function startProvider (plane: PlaneAccess, log: Logger): Promise<Provider> {
  await applyCrds(plane, providerCrds())
  const client = createClient(loadClusterConfig({ kubeconfig: plane.kubeconfig }))
  const waiting = new Map<string, () => Promise<void>>()
  let held = false

  async function serve (kind: ManagedKind, object: Managed): Promise<void> {
    const path = `${collection(kind, object.metadata.namespace)}/${object.metadata.name}/status`
    await client.mergePatch(path, { status: statusOf(kind, object, new Date()) }).catch((err: unknown) => { log.debug({ err, path }, 'not served') })
  }

  function saw (kind: ManagedKind, key: string, object: Managed | undefined): void {
    const id = `${kind.kind}/${key}`
    if (object === undefined || isServed(object)) waiting.delete(id)
    else if (held) waiting.set(id, () => serve(kind, object))
    else void serve(kind, object)
  }

  const reflectors = managedKinds.map(kind => createReflector<Managed>({
    client,
    path: collection(kind),
    project: object => object as Managed,
    onChange: ({ key, object }) => { saw(kind, key, object) },
    log
  }))
  for (const reflector of reflectors) reflector.start()
  await Promise.all(reflectors.map(reflector => reflector.whenSynced()))

  return {
    hold () { held = true },
    async release () {
      held = false
      const all = [...waiting.values()]
      waiting.clear()
      await Promise.all(all.map(serveNow => serveNow()))
    },
    async stop () {
      await Promise.all(reflectors.map(reflector => reflector.stop()))
      await client.close()
    }
  }
}

function collection (kind: ManagedKind, namespace?: string): string {
  return `/apis/${groupOf(kind)}/v1beta1${namespace === undefined ? '' : `/namespaces/${namespace}`}/${kind.plural}`
}

function isServed ({ metadata, status }: Managed): boolean {
  return status?.observedGeneration !== undefined && status.observedGeneration === metadata.generation
}

/** An ARN that was given stays: AWS gives none anew for a change of tags. */
function statusOf (kind: ManagedKind, { metadata, spec, status }: Managed, now: Date): object {
  const name = metadata.annotations?.['crossplane.io/external-name'] ?? (kind.kind === 'Key' ? randomUUID() : metadata.name ?? '')
  const { region } = spec.forProvider
  const condition = (type: string, reason: string) => ({ type, status: 'True', reason, lastTransitionTime: `${now.toISOString().slice(0, 19)}Z` })
  return {
    observedGeneration: metadata.generation,
    atProvider: {
      ...(kind.arn === undefined ? {} : { arn: status?.atProvider?.arn ?? kind.arn({ region, account, name }) }),
      ...(kind.kind === 'BucketWebsiteConfiguration' ? { websiteEndpoint: `${metadata.name}.s3-website.${region}.amazonaws.com` } : {})
    },
    conditions: [condition('Ready', 'Available'), condition('Synced', 'ReconcileSuccess')]
  }
}
