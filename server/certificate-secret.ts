// The Secret that holds the webhooks' keyring, read and written.
import type { V1OwnerReference, V1Secret } from '@kubernetes/client-node'
import { fieldManager } from '../api/names.ts'
import type { Client } from '../cluster/client.ts'
import type { KubernetesObject } from '../cluster/list.ts'
import type { Keyring } from './certificate-plan.ts'

/** Whatever the Secret holds: the keyring's texts are empty or junk where it does. */
export interface Stored {
  uid: string
  resourceVersion: string
  /** Cannot be changed once it is there. */
  type: string
  keyring: Keyring
}

export function projectSecret (object: KubernetesObject): Stored {
  const { metadata, type = '', data } = object as V1Secret
  const text = (name: string) => Buffer.from(data?.[name] ?? '', 'base64').toString()
  return {
    uid: metadata?.uid ?? '',
    resourceVersion: metadata?.resourceVersion ?? '',
    type,
    keyring: { bundle: text('ca.crt'), authorityKey: text('ca.key'), leaf: { certificate: text('tls.crt'), key: text('tls.key') } }
  }
}

/**
 * Writes by apply, so that the right to it can name the Secret. Rejects with a conflict when it is no more the one that was read;
 * no live object has resource version 1.
 */
export async function writeSecret (
  client: Client,
  { namespace, name, owner }: { namespace: string, name: string, owner: V1OwnerReference | undefined },
  { bundle, authorityKey, leaf }: Keyring,
  stored: Stored | undefined
): Promise<void> {
  const { uid, resourceVersion, type } = stored ?? { uid: undefined, resourceVersion: '1', type: 'kubernetes.io/tls' }
  await client.apply(`/api/v1/namespaces/${namespace}/secrets/${name}`, {
    apiVersion: 'v1',
    kind: 'Secret',
    type,
    metadata: { name, namespace, uid, resourceVersion, ...(owner === undefined ? {} : { ownerReferences: [owner] }) },
    data: {
      'ca.crt': encode(bundle), 'ca.key': encode(authorityKey), 'tls.crt': encode(leaf.certificate), 'tls.key': encode(leaf.key)
    }
  }, { fieldManager })
}

function encode (text: string): string {
  return Buffer.from(text).toString('base64')
}
