// What a webhook configuration says about whom the API server trusts, and the patch that makes it trust us.
import type { X509Certificate } from 'node:crypto'
import { certificatesOf, hasSigned } from './authority.ts'

export interface Configuration {
  path: string
  webhooks: Webhook[]
}

interface Webhook {
  name: string
  /** PEM; empty where there is none. */
  caBundle: string
}

export function webhooksOf (object: object): Webhook[] {
  const { webhooks } = object as { webhooks?: Array<{ name: string, clientConfig?: { caBundle?: string } }> | null }
  return (webhooks ?? []).map(({ name, clientConfig }) => ({ name, caBundle: Buffer.from(clientConfig?.caBundle ?? '', 'base64').toString() }))
}

/** Whether a webhook lacks a certificate of the bundle; `exactly`: or carries anything else. */
export function needsBundle ({ webhooks }: Configuration, bundle: string, exactly: boolean): boolean {
  return webhooks.some(({ caBundle }) => caBundle !== bundle && (exactly || lacks(caBundle, bundle)))
}

function lacks (caBundle: string, bundle: string): boolean {
  const carried = new Set(read(caBundle).map(({ fingerprint256 }) => fingerprint256))
  return read(bundle).some(({ fingerprint256 }) => !carried.has(fingerprint256))
}

/**
 * A JSON Patch that writes `caBundle` and nothing else. An index is only good while the name stands there: a chart may rename or
 * reorder webhooks meanwhile.
 */
export function patchFor ({ webhooks }: Configuration, bundle: string): object[] {
  const value = Buffer.from(bundle).toString('base64')
  return webhooks.flatMap(({ name, caBundle }, index) => caBundle === bundle
    ? []
    : [
        { op: 'test', path: `/webhooks/${index}/name`, value: name },
        { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value }
      ])
}

/** The first webhook that trusts no certificate of the chain, in words. */
export function distrustOf (configurations: readonly Configuration[], chain: readonly X509Certificate[]): string | undefined {
  for (const { path, webhooks } of configurations) {
    const stray = webhooks.find(({ caBundle }) => !trusts(read(caBundle), chain))
    if (stray !== undefined) return `${path.split('/').slice(-2).join('/')}: ${stray.name} does not carry the authority of our certificate`
  }
  return undefined
}

function trusts (authorities: readonly X509Certificate[], chain: readonly X509Certificate[]): boolean {
  return authorities.some(authority => chain.some(each => each.fingerprint256 === authority.fingerprint256 || hasSigned(authority, each)))
}

/** Readiness asks again and again for the same few texts. */
const known = new Map<string, X509Certificate[]>()
const mostKnown = 8

/** What can be read of a bundle; nothing where a part of it is junk, as an API server takes none of it either. */
function read (bundle: string): X509Certificate[] {
  const found = known.get(bundle) ?? parse(bundle)
  if (known.size >= mostKnown) known.clear()
  known.set(bundle, found)
  return found
}

function parse (bundle: string): X509Certificate[] {
  try {
    return certificatesOf(bundle)
  } catch {
    return []
  }
}
