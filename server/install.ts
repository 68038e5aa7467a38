// Sees to it that one install alone looks after a TopicTen: each claims its scope with a Lease that stays while it is installed, and
// works only while no older claim overlaps. The claim is the release's: all its replicas share it, and it is never renewed.
import type { V1OwnerReference } from '@kubernetes/client-node'
import { fieldManager, scopeLabel } from '../api/names.ts'
import { backoffMs } from '../cluster/backoff.ts'
import type { Client } from '../cluster/client.ts'
import { isConflict } from '../cluster/errors.ts'
import type { Logger } from '../cluster/logger.ts'
import { createReflector } from '../cluster/reflector.ts'
import type { Config } from './config.ts'
import { type Claim, projectClaim, refusalOf, rivalOf } from './install-claim.ts'

export interface InstallOptions {
  client: Client
  config: Pick<Config, 'podNamespace' | 'watchNamespace' | 'releaseName' | 'installLease' | 'installLeaseNamespace' | 'installLeaseOwner'>
  /** Told when this install comes to count, and when it no longer does. */
  onChange: (counts: boolean) => void
  log: Logger
}

export interface Install {
  start: () => void
  stop: () => Promise<void>
  /** Which install was first, in words; undefined while this one counts. */
  readonly fault: string | undefined
}

const group = 'coordination.k8s.io/v1'

export function createInstall ({ client, config, onChange, log }: InstallOptions): Install {
  const { podNamespace, watchNamespace, releaseName, installLease: name, installLeaseNamespace } = config
  const isWide = watchNamespace === ''
  const own = {
    namespace: isWide ? installLeaseNamespace : watchNamespace,
    scope: isWide ? 'cluster' : 'namespace',
    identity: `${podNamespace}/${releaseName}`
  } as const
  let counts = false
  let fault: string | undefined = 'not read yet'
  let making: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let failures = 0
  let stopped = false

  // The whole cluster sees all claims; one namespace its own and that of the whole cluster.
  const places = isWide ? [''] : [...new Set([`/namespaces/${watchNamespace}`, `/namespaces/${installLeaseNamespace}`])]
  const reflectors = places.map(place => {
    const reflector = createReflector<Claim>({
      client,
      path: `/apis/${group}${place}/leases`,
      query: { fieldSelector: `metadata.name=${name}` },
      project: projectClaim,
      onChange: judge,
      log
    })
    reflector.whenSynced().then(judge, () => {})
    return reflector
  })

  function judge (): void {
    if (stopped || !reflectors.every(({ synced }) => synced)) return
    const claims = reflectors.flatMap(reflector => [...reflector.values()])
    const home = claims.find(({ namespace }) => namespace === own.namespace)
    const rival = rivalOf(own, claims)
    if (home === undefined) claim()
    // Where ours was deleted, by hand or with the role that owns it, nothing stops for that as long as nobody else is there.
    if (rival !== undefined || home?.identity === own.identity) settle(rival && refusalOf(rival, name))
    else if (home !== undefined) settle(`the Lease ${own.namespace}/${name} names no install: delete it`)
  }

  function settle (found: string | undefined): void {
    if (found !== undefined && found !== fault) log.error({ fault: found }, 'this install does not work beside another')
    fault = found
    if (counts === (fault === undefined)) return
    counts = fault === undefined
    onChange(counts)
  }

  function claim (): void {
    making ??= make().then(() => { failures = 0 }, failed).finally(() => { making = undefined })
  }

  function failed (error: unknown): void {
    // Another replica of ours, or another install, was faster: the watch brings it.
    if (stopped || isConflict(error)) return
    const waitMs = backoffMs(++failures, { baseMs: 500, maxMs: 30_000 }, Math.random)
    fault = counts ? fault : `the Lease ${own.namespace}/${name} could not be made: ${(error as Error).message}`
    log.error({ lease: `${own.namespace}/${name}`, waitMs: Math.round(waitMs), err: error }, 'install not claimed')
    timer = setTimeout(judge, waitMs)
  }

  /** By apply, as RBAC can bind that to a name; no live object has version 1, so nobody's claim is taken over. */
  async function make (): Promise<void> {
    const owner = await ownerOf(client, config)
    const metadata = {
      name, namespace: own.namespace, resourceVersion: '1', labels: { [scopeLabel]: own.scope }, ...(owner === undefined ? {} : { ownerReferences: [owner] })
    }
    const lease = { apiVersion: group, kind: 'Lease', metadata, spec: { holderIdentity: own.identity } }
    await client.apply(`/apis/${group}/namespaces/${own.namespace}/leases/${name}`, lease, { fieldManager })
    log.info({ lease: `${own.namespace}/${name}`, identity: own.identity, scope: own.scope }, 'install claimed')
  }

  return {
    start () { for (const reflector of reflectors) reflector.start() },
    async stop () {
      stopped = true
      clearTimeout(timer)
      await Promise.all([...reflectors.map(reflector => reflector.stop()), making])
    },
    get fault () { return fault }
  }
}

/**
 * The role of the release, so that the Lease goes with it when the release is uninstalled, by whatever means. Rejects where it is gone:
 * then the release is just being uninstalled, and a claim would stay for ever.
 */
async function ownerOf (client: Client, { watchNamespace, installLeaseOwner: name }: InstallOptions['config']): Promise<V1OwnerReference | undefined> {
  if (name === '') return undefined
  const [kind, place] = watchNamespace === '' ? ['ClusterRole', 'clusterroles'] : ['Role', `namespaces/${watchNamespace}/roles`]
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const { metadata: { uid } } = await client.get<{ metadata: { uid: string } }>(`/apis/${apiVersion}/${place}/${encodeURIComponent(name)}`)
  return { apiVersion, kind, name, uid }
}
