// Issues the webhooks' certificates: an authority of our own and the leaves it signs, as PEM. Pure but for the random keys.
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'

export interface Pair {
  /** Both PEM. */
  certificate: string
  key: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Loaded when something is issued: it takes 15 MiB, and most replicas never issue anything. */
async function loadX509 () {
  // What it is built on must be there first.
  await import('reflect-metadata')
  return await import('@peculiar/x509')
}

/** Clocks of API servers and ours may differ. */
const earlyMs = 10 * 60_000

/** An authority that signs leaves for `lifetimeMs` from `now`. */
export async function issueAuthority (now: number, lifetimeMs: number): Promise<Pair> {
  const x509 = await loadX509()
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=topicten-webhook-ca-${now}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(now - earlyMs),
    notAfter: new Date(now + lifetimeMs),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)
    ]
  })
  return { certificate: certificate.toString('pem'), key: await privatePem(x509, keys) }
}

/**
 * A serving certificate for DNS names and addresses, which does not outlive its authority. Throws when the authority's PEM cannot
 * be read.
 */
export async function issueLeaf (authority: Pair, names: string[], now: number, lifetimeMs: number): Promise<Pair> {
  const x509 = await loadX509()
  const keys = await generateKeys()
  const issuer = new x509.X509Certificate(authority.certificate)
  const der = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' })
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=topicten-webhook',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(now - earlyMs),
    notAfter: new Date(Math.min(now + lifetimeMs, issuer.notAfter.getTime())),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map(value => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const)),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey)
    ]
  })
  return { certificate: certificate.toString('pem'), key: await privatePem(x509, keys) }
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

/** The certificates of a PEM text, in its order. Throws when one cannot be read. */
export function certificatesOf (pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(each => new X509Certificate(each))
}

/** Whether this authority has signed the certificate. */
export function hasSigned (authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}

/** Whether a certificate holds at this time of the wall clock. */
export function isValid ({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return now >= Date.parse(validFrom) && now < Date.parse(validTo)
}

/** Milliseconds since a certificate was issued here, by the wall clock. */
export function ageMs ({ validFrom }: X509Certificate, now: number): number {
  return now - Date.parse(validFrom) - earlyMs
}

/** Whether two thirds of a certificate's life are over, by the wall clock. */
export function isDue (certificate: X509Certificate, now: number): boolean {
  const lifeMs = Date.parse(certificate.validTo) - Date.parse(certificate.validFrom) - earlyMs
  return ageMs(certificate, now) >= lifeMs * 2 / 3
}

async function generateKeys (): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as webcrypto.CryptoKeyPair
}

async function privatePem ({ PemConverter }: Awaited<ReturnType<typeof loadX509>>, keys: webcrypto.CryptoKeyPair): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
}
