// The certificate of a composition function on this machine, signed by Crossplane's own authority.
import 'reflect-metadata'
import { createPrivateKey, webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, PemConverter, SubjectAlternativeNameExtension, X509Certificate,
  X509CertificateGenerator
} from '@peculiar/x509'

export interface Pair {
  /** PEM. */
  certificate: string
  key: string
}

const ofAuthority = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
const ofLeaf = { name: 'ECDSA', namedCurve: 'P-256' }
const dayMs = 24 * 60 * 60 * 1000

/** For a server at 127.0.0.1, good for 30 days from `now` (milliseconds); `authority` has an RSA key. */
export async function makeFunctionCertificate (authority: Pair, now: number): Promise<Pair> {
  const pkcs8 = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' })
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, ofAuthority, false, ['sign'])
  const keys = await webcrypto.subtle.generateKey(ofLeaf, true, ['sign', 'verify']) as webcrypto.CryptoKeyPair
  const certificate = await X509CertificateGenerator.create({
    subject: 'CN=function',
    issuer: new X509Certificate(authority.certificate).subject,
    notBefore: new Date(now - 600_000),
    notAfter: new Date(now + 30 * dayMs),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ofAuthority,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }, { type: 'dns', value: 'localhost' }])
    ]
  })
  return {
    certificate: certificate.toString('pem'),
    key: PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  }
}
