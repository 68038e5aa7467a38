// Makes the keys and certificates of one control plane: an authority, the API server's two leaves, the key that signs
// ServiceAccount tokens.
import 'reflect-metadata'
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension, type Extension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, PemConverter,
  SubjectAlternativeNameExtension, X509CertificateGenerator
} from '@peculiar/x509'

export interface Certificates {
  /** All are PEM. */
  caCertificate: string
  caKey: string
  serverCertificate: string
  serverKey: string
  /** Shown by the API server to kubelets. */
  kubeletClientCertificate: string
  kubeletClientKey: string
  serviceAccountKey: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const serverNames = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local']
const dayMs = 24 * 60 * 60 * 1000

/**
 * Fresh keys (P-256) and certificates, good for 30 days from `now` (milliseconds) and the ten minutes before. `addresses`
 * are those at which the API server is found.
 */
export async function makeCertificates (now: number, addresses: string[] = ['127.0.0.1']): Promise<Certificates> {
  const [caKeys, serverKeys, clientKeys] = await Promise.all([generateKeys(), generateKeys(), generateKeys()])
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
  const leaf = (subject: string, { publicKey }: webcrypto.CryptoKeyPair, extensions: Extension[]) => X509CertificateGenerator.create({
    ...life,
    subject,
    issuer: ca.subject,
    publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true), new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true), ...extensions
    ]
  })
  const server = await leaf('CN=kube-apiserver', serverKeys, [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension([
      ...serverNames.map(value => ({ type: 'dns', value }) as const), ...addresses.map(value => ({ type: 'ip', value }) as const)
    ])
  ])
  const client = await leaf('CN=kube-apiserver-kubelet-client', clientKeys, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])])
  // As SEC 1: the API server finds no public key in an elliptic key's PKCS #8.
  const tokens = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    caCertificate: ca.toString('pem'),
    caKey: await privatePem(caKeys),
    serverCertificate: server.toString('pem'),
    serverKey: await privatePem(serverKeys),
    kubeletClientCertificate: client.toString('pem'),
    kubeletClientKey: await privatePem(clientKeys),
    serviceAccountKey: tokens.privateKey.export({ type: 'sec1', format: 'pem' }).toString()
  }
}

async function generateKeys (): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as webcrypto.CryptoKeyPair
}

async function privatePem (keys: webcrypto.CryptoKeyPair): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
}
