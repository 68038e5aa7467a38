// What the Secret of the webhooks' certificates should hold next, as a decision apart from reading and writing it.
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { ageMs, certificatesOf, hasSigned, isDue, issueAuthority, issueLeaf, isValid, type Pair, readPair } from './authority.ts'

/** What the Secret holds, all PEM: the authorities to trust, newest first, the newest one's key, and the pair to serve. */
export interface Keyring {
  bundle: string
  authorityKey: string
  leaf: Pair
}

export interface Lifetimes {
  authorityMs: number
  leafMs: number
  /** How long an authority is trusted on after the leaf of its successor came: replicas that lag behind still show the old one. */
  overlapMs: number
}

const dayMs = 86_400_000
export const lifetimes: Lifetimes = { authorityMs: 365 * dayMs, leafMs: 30 * dayMs, overlapMs: dayMs }

export interface Circumstances {
  /** DNS names and addresses the leaf is for. */
  names: string[]
  /** Whether every API server trusts the bundle by now. */
  published: boolean
  /** The last keyring that was sound: what replicas serve and configurations trust while the Secret is not. */
  lastGood: Keyring | undefined
  /** Wall clock, milliseconds since the epoch. */
  now: number
  lifetimes: Lifetimes
}

export interface Renewal {
  keyring: Keyring
  why: string
}

/** More than one at a time are only left when renewals follow each other faster than a bundle is published. */
const mostAuthorities = 4

/**
 * The keyring that should follow, and why; undefined when nothing is due. A new authority is published before anything it signed is
 * served: the leaf stays until then, also where the Secret was deleted or has junk and `lastGood` is all that is left of it.
 */
export async function nextKeyring (current: Keyring | undefined, circumstances: Circumstances): Promise<Renewal | undefined> {
  const { lastGood, now } = circumstances
  if (current === undefined) return { keyring: await begin(lastGood, circumstances), why: 'there is none' }
  const fault = faultOf(current)
  if (fault !== undefined) return { keyring: await begin(lastGood, circumstances), why: fault }
  const { authorities: [newest, ...old], leaf } = read(current)
  if (newest === undefined || !isValid(newest, now)) return { keyring: await begin(current, circumstances), why: 'the authority is not valid now' }
  if (isDue(newest, now)) return { keyring: await begin(current, circumstances), why: 'the authority is due' }
  const why = whyIssue(leaf, newest, circumstances)
  if (why !== undefined) {
    return { keyring: { ...current, leaf: await issue({ certificate: newest.toString(), key: current.authorityKey }, circumstances) }, why }
  }
  const isOldNeeded = old.length === 0 || !hasSigned(newest, leaf) || ageMs(leaf, now) < circumstances.lifetimes.overlapMs
  return isOldNeeded ? undefined : { keyring: { ...current, bundle: bundleOf([newest]) }, why: 'the old authority is needed no more' }
}

/** What makes a keyring unfit to be served or signed with, in words; its times are not judged. */
export function faultOf (keyring: Keyring): string | undefined {
  try {
    const { authorities, leaf } = read(keyring)
    const [newest] = authorities
    if (newest === undefined || readPair({ certificate: newest.toString(), key: keyring.authorityKey }) === undefined) {
      return 'ca.key is not the key of the first certificate of ca.crt'
    }
    return authorities.some(authority => hasSigned(authority, leaf)) ? undefined : 'tls.crt is not signed by an authority of ca.crt'
  } catch (error) {
    return (error as Error).message
  }
}

/** Whether the leaf can be shown to anyone at this time. */
export function isLeafValid ({ leaf }: Keyring, now: number): boolean {
  const certificate = readPair(leaf)
  return certificate !== undefined && isValid(certificate, now)
}

/** A new authority, those before it, and the leaf from before while that is good. */
async function begin (before: Keyring | undefined, circumstances: Circumstances): Promise<Keyring> {
  const { now, lifetimes } = circumstances
  const made = await issueAuthority(now, lifetimes.authorityMs)
  const found = before && read(before)
  const old = (found?.authorities ?? []).filter(authority => isValid(authority, now)).slice(0, mostAuthorities - 1)
  const isLeafGood = found !== undefined && isValid(found.leaf, now) && old.some(authority => hasSigned(authority, found.leaf))
  const leaf = isLeafGood && before !== undefined ? before.leaf : await issue(made, circumstances)
  return { bundle: bundleOf([made.certificate, ...old]), authorityKey: made.key, leaf }
}

function bundleOf (authorities: readonly (string | X509Certificate)[]): string {
  return authorities.map(each => `${String(each).trim()}\n`).join('')
}

function issue (authority: Pair, { names, now, lifetimes }: Circumstances): Promise<Pair> {
  return issueLeaf(authority, names, now, lifetimes.leafMs)
}

function whyIssue (leaf: X509Certificate, newest: X509Certificate, { names, published, now }: Circumstances): string | undefined {
  if (!isValid(leaf, now)) return 'the certificate is not valid now'
  const outgrown = !hasSigned(newest, leaf)
  if (outgrown) return published ? 'the new authority is trusted' : undefined
  if (isDue(leaf, now)) return 'the certificate is due'
  return covers(leaf, names) ? undefined : 'the certificate lacks a name'
}

/** Throws where a part cannot be read. */
function read ({ bundle, leaf: pair }: Keyring): { authorities: X509Certificate[], leaf: X509Certificate } {
  const leaf = readPair(pair)
  if (leaf === undefined) throw new Error('tls.crt and tls.key are no pair')
  const authorities = authoritiesOf(bundle)
  if (authorities.length === 0) throw new Error('ca.crt holds no certificate')
  return { authorities, leaf }
}

function authoritiesOf (bundle: string): X509Certificate[] {
  try {
    return certificatesOf(bundle)
  } catch {
    throw new Error('ca.crt cannot be read')
  }
}

function covers (leaf: X509Certificate, names: string[]): boolean {
  return names.every(name => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined)
}
