// Keeps the webhooks' certificates: the leader renews the Secret, every replica serves what is in it and publishes its authorities.
import type { V1OwnerReference, V1Secret } from '@kubernetes/client-node'
import { fieldManager } from '../api/names.ts'
import type { Client } from '../cluster/client.ts'
import { isConflict } from '../cluster/errors.ts'
import type { Logger } from '../cluster/logger.ts'
import { createReflector } from '../cluster/reflector.ts'
import { readPair } from './authority.ts'
import { type Keyring, type Lifetimes, lifetimes as defaultLifetimes, nextKeyring } from './certificate-plan.ts'

export interface CertificatesOptions {
  client: Client
  namespace: string
  secret: string
  /** DNS names and addresses the leaf is for. */
  names: string[]
  owner: () => Promise<V1OwnerReference | undefined>
  /** Whether this process may write. */
  isLeading: () => boolean
  /** Whether every configuration that exists trusts this bundle. */
  isPublished: (bundle: string) => boolean
  /** Told of each keyring that can be served. */
  onKeyring: (keyring: Keyring) => void
  lifetimes?: Lifetimes
  /** Milliseconds between two looks at what is due (a minute). */
  checkMs?: number
  now?: () => number
  log: Logger
}

export interface Certificates {
  start: () => void
  stop: () => Promise<void>
  /** Looks at once whether something is due. */
  check: () => Promise<void>
  /** What is served: the last keyring that was whole. */
  readonly keyring: Keyring | undefined
}

interface Stored {
  metadata: { uid: string, resourceVersion: string }
  keyring: Keyring
}

export function createCertificates (options: CertificatesOptions): Certificates {
  const { client, namespace, secret, names, owner, isLeading, isPublished, onKeyring, log } = options
  const { lifetimes = defaultLifetimes, checkMs = 60_000, now = Date.now } = options
  const path = `/api/v1/namespaces/${namespace}/secrets`
  const key = `${namespace}/${secret}`
  let served: Keyring | undefined
  let timer: NodeJS.Timeout | undefined
  let checking: Promise<void> | undefined

  const reflector = createReflector<Stored>({
    client,
    path,
    query: { fieldSelector: `metadata.name=${secret}` },
    project: object => project(object as V1Secret),
    onChange ({ object }) {
      if (object !== undefined) serve(object.keyring)
      else log.warn({ secret: key }, 'the certificates are gone: serving on with the last ones until they are made anew')
      void check()
    },
    log
  })

  function serve (keyring: Keyring): void {
    if (readPair(keyring.leaf) === undefined) {
      log.warn({ secret: key }, 'the certificates cannot be used: serving on with the last ones until they are made anew')
      return
    }
    served = keyring
    onKeyring(keyring)
  }

  function check (): Promise<void> {
    checking ??= renew().catch((error: unknown) => {
      if (!isConflict(error)) log.error({ secret: key, err: error }, 'the certificates were not renewed')
    }).finally(() => { checking = undefined })
    return checking
  }

  async function renew (): Promise<void> {
    if (!isLeading() || !reflector.synced) return
    const stored = reflector.get(key)
    const next = await nextKeyring(stored?.keyring, names, isPublished(stored?.keyring.bundle ?? ''), now(), lifetimes)
    if (next === stored?.keyring) return
    await write(next, stored)
    log.info({ secret: key, notAfter: readPair(next.leaf)?.validTo }, 'certificates renewed')
  }

  /** By apply, so that the right to it can name the Secret; no live object has resource version 1. */
  async function write ({ bundle, authorityKey, leaf }: Keyring, stored: Stored | undefined): Promise<void> {
    const reference = await owner()
    const metadata = { name: secret, namespace, ...(stored?.metadata ?? { resourceVersion: '1' }) }
    await client.apply(`${path}/${secret}`, {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: reference === undefined ? metadata : { ...metadata, ownerReferences: [reference] },
      data: {
        'ca.crt': encode(bundle), 'ca.key': encode(authorityKey), 'tls.crt': encode(leaf.certificate), 'tls.key': encode(leaf.key)
      }
    }, { fieldManager })
  }

  return {
    start () {
      reflector.start()
      timer = setInterval(() => { void check() }, checkMs)
    },
    async stop () {
      clearInterval(timer)
      await reflector.stop()
      await checking
    },
    check,
    get keyring () { return served }
  }
}

function project ({ metadata, data = {} }: V1Secret): Stored {
  const text = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString()
  return {
    metadata: { uid: metadata?.uid ?? '', resourceVersion: metadata?.resourceVersion ?? '' },
    keyring: { bundle: text('ca.crt'), authorityKey: text('ca.key'), leaf: { certificate: text('tls.crt'), key: text('tls.key') } }
  }
}

function encode (text: string): string {
  return Buffer.from(text).toString('base64')
}
