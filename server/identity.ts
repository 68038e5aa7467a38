// Who this process is to the API server: the ServiceAccount that owns what it makes, so that an uninstall collects that too.
import type { V1OwnerReference, V1SelfSubjectReview } from '@kubernetes/client-node'
import type { Client } from '../cluster/client.ts'

const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

/** The owner reference of this process's ServiceAccount; undefined where it runs as a person. Any user may ask this of itself. */
export async function ownServiceAccount (client: Client): Promise<V1OwnerReference | undefined> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  const { status } = await client.request<V1SelfSubjectReview>('POST', reviews, { body: review })
  const { username = '', uid } = status?.userInfo ?? {}
  const name = /^system:serviceaccount:[^:]+:(.+)$/.exec(username)?.[1]
  return name === undefined || uid === undefined ? undefined : { apiVersion: 'v1', kind: 'ServiceAccount', name, uid }
}
