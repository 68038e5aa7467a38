// Which installs get into each other's way, as a decision apart from the Leases by which they claim what they look after.
import { scopeLabel } from '../api/names.ts'
import type { KubernetesObject } from '../cluster/list.ts'

/** What an install says of itself in its Lease. */
export interface Claim {
  /** Where the Lease is; with the scope `namespace` that is all the install looks after. */
  namespace: string
  scope: 'cluster' | 'namespace'
  /** `NAMESPACE/RELEASE` of the install. */
  identity: string
  /** RFC 3339, whole seconds. */
  createdAt: string
  resourceVersion: string
}

export function projectClaim (object: KubernetesObject): Claim {
  const { metadata, spec } = object as KubernetesObject & {
    metadata: { creationTimestamp?: string, labels?: Record<string, string> }, spec?: { holderIdentity?: string }
  }
  const { namespace = '', creationTimestamp: createdAt = '', resourceVersion = '' } = metadata
  const scope = metadata.labels?.[scopeLabel] === 'cluster' ? 'cluster' : 'namespace'
  return { namespace, scope, identity: spec?.holderIdentity ?? '', createdAt, resourceVersion }
}

/**
 * The claim that goes before ours, undefined when ours counts: of those that overlap the oldest does, and none that is not made yet.
 * All installs judge by the same Leases, so of two exactly one is first.
 */
export function rivalOf (own: Pick<Claim, 'namespace' | 'scope' | 'identity'>, claims: readonly Claim[]): Claim | undefined {
  const mine = claims.find(({ identity, namespace }) => identity === own.identity && namespace === own.namespace)
  const others = claims.filter(each => each.identity !== own.identity && each.identity !== '' && overlaps(own, each))
  return others.filter(other => mine === undefined || isBefore(other, mine)).toSorted((a, b) => isBefore(a, b) ? -1 : 1)[0]
}

function overlaps (a: Pick<Claim, 'namespace' | 'scope'>, b: Pick<Claim, 'namespace' | 'scope'>): boolean {
  return a.scope === 'cluster' || b.scope === 'cluster' || a.namespace === b.namespace
}

/** Versions of one kind are ordered numbers, and a claim is written once. */
function isBefore (a: Claim, b: Claim): boolean {
  return a.createdAt === b.createdAt ? Number(a.resourceVersion) < Number(b.resourceVersion) : a.createdAt < b.createdAt
}

/** What stands in the way of our install, and what to do about it. */
export function refusalOf ({ namespace, scope, identity }: Claim, lease: string): string {
  const [otherNamespace = '', release = ''] = identity.split('/')
  const what = scope === 'cluster' ? 'the whole cluster' : `the namespace "${namespace}"`
  return `the release "${release}" in the namespace "${otherNamespace}" looks after ${what} already, and two would fight over its TopicTens: ` +
    `uninstall one of them, or give each a namespace of its own (watchNamespace); if it is gone: kubectl --namespace ${namespace} delete lease ${lease}`
}
