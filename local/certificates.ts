// Makes the keys and certificates of one control plane: an authority, the API server's leaf, the key that signs
// ServiceAccount tokens.
import 'reflect-metadata'
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, PemConverter,
  SubjectAlternativeNameExtension, X509CertificateGenerator
} from '@peculiar/x509'

export interface Certificates {
  /** All are PEM. */
  caCertificate: string
  caKey: string
  serverCertificate: string
  serverKey: string
  serviceAccountKey: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const serverNames = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']
const serverAddresses = ['127.0.0.1', '10.0.0.1']
const dayMs = 24 * 60 * 60 * 1000

/** Fresh keys (P-256) and certificates, good for 30 days from `now` (milliseconds) and the ten minutes before. */
export async function makeCertificates (now: number): Promise<Certificates> {
  const [caKeys, serverKeys] = await Promise.all([generateKeys(), generateKeys()])
  const life = { notBefore: new Date(now - 600_000), notAfter: new Date(now + 30 * dayMs) }
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...life,
    name: 'CN=topicten-local-ca',
    keys: caKeys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true)
    ]
  })
  const server = await X509CertificateGenerator.create({
    ...life,
    subject: 'CN=kube-apiserver',
    issuer: ca.subject,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        ...serverNames.map(value => ({ type: 'dns', value }) as const), ...serverAddresses.map(value => ({ type: 'ip', value }) as const)
      ])
    ]
  })
  // As SEC 1: the API server finds no public key in an elliptic key's PKCS #8.
  const tokens = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    caCertificate: ca.toString('pem'),
    caKey: await privatePem(caKeys),
    serverCertificate: server.toString('pem'),
    serverKey: await privatePem(serverKeys),
    serviceAccountKey: tokens.privateKey.export({ type: 'sec1', format: 'pem' }).toString()
  }
}

async function generateKeys (): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as webcrypto.CryptoKeyPair
}

async function privatePem (keys: webcrypto.CryptoKeyPair): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
}
