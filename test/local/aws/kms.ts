import { randomBytes } from 'node:crypto'
import { DecryptCommand, DescribeKeyCommand, EncryptCommand, type EncryptCommandInput, KMSClient } from '@aws-sdk/client-kms'
import t from 'tap'
import { startFakeAws } from '../../../local/aws/fake.ts'
import type { KeySpec } from '../../../local/aws/kms-key.ts'

const prefix = 'arn:aws:kms:eu-west-3:123456789012:'
const arnOf = (digit: number, region = 'eu-west-3') => `arn:aws:kms:${region}:123456789012:key/${String(digit).repeat(8)}-12ab-34cd-56ef-1234567890ab`
const key = arnOf(1)
const disabled = arnOf(2)
const deleted = arnOf(3)
const rsa = arnOf(4)
const signing = arnOf(5)
const replica = (region: string) => `arn:aws:kms:${region}:123456789012:key/mrk-${'a'.repeat(32)}`

const aws = await startFakeAws()
t.teardown(() => aws.close())
aws.createKey({ arn: key, alias: 'alias/mine' })
aws.createKey({ arn: disabled, state: 'Disabled' })
aws.createKey({ arn: deleted, state: 'PendingDeletion' })
aws.createKey({ arn: rsa, spec: 'RSA_2048' })
aws.createKey({ arn: signing, spec: 'ECC_NIST_P256' })
for (const region of ['eu-west-3', 'us-east-1']) aws.createKey({ arn: replica(region) })

function clientIn (region: string): KMSClient {
  const client = new KMSClient({ region, endpoint: aws.endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1 })
  t.teardown(() => { client.destroy() })
  return client
}

const kms = clientIn('eu-west-3')
const text = Buffer.from('a message')
const context = { app: 'topicten', pod: 'web-1' }

for (const KeyId of [key, key.split('/')[1]!, `${prefix}alias/mine`, 'alias/mine']) {
  await t.test(`encrypts by ${KeyId} and answers with the key's ARN`, async t => {
    const { CiphertextBlob, KeyId: answered } = await kms.send(new EncryptCommand({ KeyId, Plaintext: text, EncryptionContext: context }))
    t.equal(answered, key)
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { pod: 'web-1', app: 'topicten' } }))
    t.equal(Buffer.from(Plaintext!).toString(), 'a message')
    t.equal(aws.decrypt(Buffer.from(CiphertextBlob!), context).toString(), 'a message')
    for (const EncryptionContext of [undefined, {}, { ...context, pod: 'web-2' }]) {
      await t.rejects(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext })), { name: 'InvalidCiphertextException' })
    }
  })
}

await t.test('a ciphertext of the longest plaintext is at most 6144 bytes, and no bit of it may change', async t => {
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: key, Plaintext: randomBytes(4096) }))
  t.ok(CiphertextBlob!.length <= 6144)
  CiphertextBlob![CiphertextBlob!.length - 1]! ^= 1
  await t.rejects(kms.send(new DecryptCommand({ CiphertextBlob })), { name: 'InvalidCiphertextException' })
})

const refused: Record<string, [Partial<EncryptCommandInput>, string, RegExp]> = {
  'an empty plaintext': [{ Plaintext: Buffer.alloc(0) }, 'ValidationException', /between 1 and 4096, not 0/],
  'a plaintext of 4097 bytes': [{ Plaintext: Buffer.alloc(4097) }, 'ValidationException', /not 4097/],
  'a key of another region': [{ KeyId: arnOf(1, 'us-east-1') }, 'NotFoundException', /^Invalid arn us-east-1$/],
  'an alias of another region': [{ KeyId: 'arn:aws:kms:us-east-1:123456789012:alias/mine' }, 'NotFoundException', /^Invalid arn/],
  'an ARN of another service': [{ KeyId: 'arn:aws:s3:::bucket' }, 'NotFoundException', /^Invalid arn/],
  'a key that does not exist': [{ KeyId: arnOf(9) }, 'NotFoundException', /does not exist/],
  'an alias that does not exist': [{ KeyId: 'alias/other' }, 'NotFoundException', /^Alias/],
  "an alias of AWS's own": [{ KeyId: `${prefix}alias/aws/s3` }, 'AccessDeniedException', /own services/],
  'a key id of 2049 characters': [{ KeyId: 'a'.repeat(2049) }, 'ValidationException', /KeyId/],
  'a disabled key': [{ KeyId: disabled }, 'DisabledException', /is disabled/],
  'a key to be deleted': [{ KeyId: deleted }, 'KMSInvalidStateException', /pending deletion/],
  'an RSA key without an algorithm': [{ KeyId: rsa }, 'InvalidKeyUsageException', /RSA_2048/],
  'a symmetric key with an algorithm of RSA': [{ EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }, 'InvalidKeyUsageException', /SYMMETRIC_DEFAULT/],
  'a key for signatures': [{ KeyId: signing, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }, 'InvalidKeyUsageException', /ECC_NIST_P256/],
  'a context for an RSA key': [{ KeyId: rsa, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256', EncryptionContext: context }, 'ValidationException', /symmetric/],
  'too much for RSA with SHA-256': [{ KeyId: rsa, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256', Plaintext: Buffer.alloc(191) }, 'ValidationException', /190/],
  'too much for RSA with SHA-1': [{ KeyId: rsa, EncryptionAlgorithm: 'RSAES_OAEP_SHA_1', Plaintext: Buffer.alloc(215) }, 'ValidationException', /214/],
  'a member the fake does not know': [{ GrantTokens: ['x'] }, 'ValidationException', /GrantTokens/]
}

for (const [what, [input, name, message]] of Object.entries(refused)) {
  await t.test(`Encrypt refuses ${what}`, async t => {
    await t.rejects(kms.send(new EncryptCommand({ KeyId: key, Plaintext: text, ...input })), { name, message })
  })
}

await t.test('an RSA key decrypts what it encrypted, if it is named', async t => {
  const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256'
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: rsa, Plaintext: Buffer.alloc(190, 1), EncryptionAlgorithm }))
  const { Plaintext } = await kms.send(new DecryptCommand({ KeyId: rsa, CiphertextBlob, EncryptionAlgorithm }))
  t.strictSame(Buffer.from(Plaintext!), Buffer.alloc(190, 1))
  await t.rejects(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionAlgorithm })), { name: 'ValidationException' })
  await t.rejects(kms.send(new DecryptCommand({ KeyId: rsa, CiphertextBlob: text, EncryptionAlgorithm })), { name: 'InvalidCiphertextException' })
})

await t.test('a ciphertext belongs to its key and its region, but for replicas of a multi-Region key', async t => {
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: key, Plaintext: text }))
  const other = clientIn('us-east-1')
  await t.rejects(other.send(new DecryptCommand({ CiphertextBlob })), { name: 'InvalidCiphertextException' })
  await t.rejects(kms.send(new DecryptCommand({ KeyId: replica('eu-west-3'), CiphertextBlob })), { name: 'IncorrectKeyException' })
  await t.rejects(kms.send(new DecryptCommand({ CiphertextBlob: text })), { name: 'InvalidCiphertextException' })
  await t.rejects(kms.send(new DecryptCommand({ CiphertextBlob: Buffer.alloc(6145) })), { name: 'ValidationException' })
  const replicated = await kms.send(new EncryptCommand({ KeyId: replica('eu-west-3'), Plaintext: text }))
  const { KeyId } = await other.send(new DecryptCommand({ CiphertextBlob: replicated.CiphertextBlob }))
  t.equal(KeyId, replica('us-east-1'))
})

await t.test('a key that is disabled later decrypts no more', async t => {
  aws.createKey({ arn: arnOf(6) })
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: arnOf(6), Plaintext: text }))
  aws.setKeyState(arnOf(6), 'Disabled')
  await t.rejects(kms.send(new DecryptCommand({ CiphertextBlob })), { name: 'DisabledException' })
})

const described: [string, KeySpec, string, string[] | undefined][] = [
  [key, 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', ['SYMMETRIC_DEFAULT']],
  [rsa, 'RSA_2048', 'ENCRYPT_DECRYPT', ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256']],
  [signing, 'ECC_NIST_P256', 'SIGN_VERIFY', undefined]
]

for (const [arn, KeySpec, KeyUsage, EncryptionAlgorithms] of described) {
  await t.test(`DescribeKey tells a ${KeySpec} key's use`, async t => {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: arn }))
    t.match(KeyMetadata, { Arn: arn, KeySpec, KeyUsage, EncryptionAlgorithms, KeyState: 'Enabled' })
  })
}

t.test('what the fake is to have must be sound', async t => {
  t.throws(() => { aws.createKey({ arn: `${prefix}key/x` }) }, { message: /has the key id "x"/ })
  t.throws(() => { aws.createKey({ arn: `${prefix}alias/mine` }) }, { message: /is an alias/ })
  t.throws(() => { aws.setKeyState(arnOf(9), 'Disabled') }, { message: /there is no key/ })
})
