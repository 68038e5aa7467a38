import { generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto'
import 'reflect-metadata'
import t from 'tap'
import { X509CertificateGenerator } from '@peculiar/x509'
import { coreEnvironment, functionObjects } from '../../../local/crossplane/core.ts'
import { makeFunctionCertificate } from '../../../local/crossplane/function-certificate.ts'

await t.test('all that core writes is in its folder', async t => {
  const env = coreEnvironment('/dir', { metrics: 1, health: 2, webhook: 3 })
  t.strictSame([env['CRDS_PATH'], env['XPKG_CACHE_DIR'], env['TLS_CLIENT_CERTS_DIR']].every(path => path?.startsWith('/dir/')), true)
  t.equal(env['PACKAGE_RUNTIME'], 'External')
})

await t.test('a function is known by where it runs, and core fetches no package for it', async t => {
  const { objects, revision, status } = functionObjects('function-a', '127.0.0.1:1')
  t.strictSame(status, { endpoint: '127.0.0.1:1', capabilities: ['composition'] })
  t.match(objects, [
    { kind: 'Function', metadata: { name: 'function-a', annotations: { 'crossplane.io/paused': 'true' } } },
    { kind: 'FunctionRevision', metadata: { name: revision, labels: { 'pkg.crossplane.io/package': 'function-a' } } }
  ])
})

await t.test('its certificate is of the authority, for this machine alone', async t => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const keys = {
    privateKey: await webcrypto.subtle.importKey('pkcs8', privateKey.export({ type: 'pkcs8', format: 'der' }), algorithm, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', publicKey.export({ type: 'spki', format: 'der' }), algorithm, true, ['verify'])
  }
  const ca = await X509CertificateGenerator.createSelfSigned({ name: 'CN=root', keys, signingAlgorithm: algorithm })
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  const { certificate, key } = await makeFunctionCertificate({ certificate: ca.toString('pem'), key: pem }, Date.UTC(2026, 0, 1))
  const leaf = new X509Certificate(certificate)
  t.ok(leaf.checkIssued(new X509Certificate(ca.toString('pem'))) && leaf.verify(publicKey))
  t.equal(leaf.subjectAltName, 'IP Address:127.0.0.1, DNS:localhost')
  t.match(key, /^-----BEGIN PRIVATE KEY-----/)
})
