// What the Secret of the webhooks' certificates should hold next, as a decision apart from reading and writing it.
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { isDue, issueAuthority, issueLeaf, type Pair, readPair } from './authority.ts'

/** What the Secret holds, all PEM: the authorities to trust, newest first, the newest one's key, and the pair to serve. */
export interface Keyring {
  bundle: string
  authorityKey: string
  leaf: Pair
}

export interface Lifetimes {
  authorityMs: number
  leafMs: number
}

export const lifetimes: Lifetimes = { authorityMs: 365 * 86_400_000, leafMs: 30 * 86_400_000 }

/**
 * The keyring that should follow; the same object when nothing is due. A new authority is published before anything it signed is
 * served: its leaf comes only once `published`, when every configuration trusts the bundle. What cannot be read is made anew.
 */
export async function nextKeyring (
  current: Keyring | undefined, names: string[], published: boolean, now: number, { authorityMs, leafMs }: Lifetimes
): Promise<Keyring> {
  const authority = current && newestAuthority(current)
  if (current === undefined || authority === undefined) {
    const made = await issueAuthority(now, authorityMs)
    return { bundle: made.certificate, authorityKey: made.key, leaf: await issueLeaf(made, names, now, leafMs) }
  }
  const signer = { certificate: authority.toString(), key: current.authorityKey }
  const leaf = readPair(current.leaf)
  if (leaf === undefined || !isGood(leaf, current.bundle, names, now)) {
    return { ...current, leaf: await issueLeaf(signer, names, now, leafMs) }
  }
  if (isDue(authority, now)) {
    const made = await issueAuthority(now, authorityMs)
    return { ...current, bundle: made.certificate + '\n' + authority.toString(), authorityKey: made.key }
  }
  const outgrown = !leaf.checkIssued(authority) && published
  return isDue(leaf, now) || outgrown ? { ...current, leaf: await issueLeaf(signer, names, now, leafMs) } : current
}

/** The certificates of a PEM bundle. Throws when one cannot be read. */
export function certificatesOf (bundle: string): X509Certificate[] {
  return (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(pem => new X509Certificate(pem))
}

function newestAuthority ({ bundle, authorityKey }: Keyring): X509Certificate | undefined {
  try {
    const [newest] = certificatesOf(bundle)
    return newest && readPair({ certificate: newest.toString(), key: authorityKey })
  } catch {
    return undefined
  }
}

function isGood (leaf: X509Certificate, bundle: string, names: string[], now: number): boolean {
  const trusted = certificatesOf(bundle).some(authority => leaf.checkIssued(authority) && leaf.verify(authority.publicKey))
  return trusted && now < Date.parse(leaf.validTo) && covers(leaf, names)
}

function covers (leaf: X509Certificate, names: string[]): boolean {
  return names.every(name => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined)
}
