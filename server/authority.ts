// Issues the webhooks' certificates: an authority of our own and the leaves it signs, as PEM. Pure but for the random keys.
import 'reflect-metadata'
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags,
  KeyUsagesExtension, PemConverter, SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, X509Certificate as Certificate,
  X509CertificateGenerator
} from '@peculiar/x509'

export interface Pair {
  /** Both PEM. */
  certificate: string
  key: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
/** Clocks of API servers and ours may differ. */
const earlyMs = 10 * 60_000

/** An authority that signs leaves for `lifetimeMs` from `now`. */
export async function issueAuthority (now: number, lifetimeMs: number): Promise<Pair> {
  const keys = await generateKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=topicten-webhook-ca-${now}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(now - earlyMs),
    notAfter: new Date(now + lifetimeMs),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey)
    ]
  })
  return { certificate: certificate.toString('pem'), key: await privatePem(keys) }
}

/** A serving certificate for DNS names and addresses. Throws when the authority's PEM cannot be read. */
export async function issueLeaf (authority: Pair, names: string[], now: number, lifetimeMs: number): Promise<Pair> {
  const keys = await generateKeys()
  const issuer = new Certificate(authority.certificate)
  const der = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' })
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  const certificate = await X509CertificateGenerator.create({
    subject: 'CN=topicten-webhook',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(now - earlyMs),
    notAfter: new Date(now + lifetimeMs),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map(value => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const)),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey)
    ]
  })
  return { certificate: certificate.toString('pem'), key: await privatePem(keys) }
}

/** The certificate of a pair whose halves belong together; undefined for anything else. */
export function readPair ({ certificate, key }: Partial<Pair>): X509Certificate | undefined {
  try {
    const read = new X509Certificate(certificate ?? '')
    return read.checkPrivateKey(createPrivateKey(key ?? '')) ? read : undefined
  } catch {
    return undefined
  }
}

/** Whether two thirds of a certificate's life are over, by the wall clock. */
export function isDue ({ validFrom, validTo }: X509Certificate, now: number): boolean {
  const from = Date.parse(validFrom) + earlyMs
  return now >= from + (Date.parse(validTo) - from) * 2 / 3
}

async function generateKeys (): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as webcrypto.CryptoKeyPair
}

async function privatePem (keys: webcrypto.CryptoKeyPair): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
}
