import { KMSClient } from '@aws-sdk/client-kms'
import t, { type Test } from 'tap'
import type { FakeAws } from '../../local/aws/fake.ts'
import { timedCalls } from '../../workload/call.ts'
import { createEncrypt } from '../../workload/encrypt.ts'
import { arns, openAws, useAws } from '../fixtures/workload.ts'

const never = new AbortController().signal
const context = { app: 'topicten', namespace: 'default', pod: 'web-1' }

async function open (t: Test, keyArn: string): Promise<{ aws: FakeAws, encrypt: ReturnType<typeof createEncrypt> }> {
  const aws = await openAws(t)
  useAws(t, aws)
  const kms = new KMSClient({ region: 'eu-west-3', maxAttempts: 1 })
  t.teardown(() => { kms.destroy() })
  return { aws, encrypt: createEncrypt({ kms, keyArn, context, call: timedCalls(5000) }) }
}

t.test('a ciphertext opens with the context only, and names the key of an alias', async t => {
  const { aws, encrypt } = await open(t, arns.alias)
  const { ciphertext, ...rest } = await encrypt('hello', never)
  t.strictSame(rest, { keyArn: arns.key, context: true })
  t.equal(aws.decrypt(Buffer.from(ciphertext, 'base64'), context).toString(), 'hello')
  t.throws(() => aws.decrypt(Buffer.from(ciphertext, 'base64')))
})

t.test('an asymmetric key gets its algorithm, no context, and is asked once which', async t => {
  const { aws, encrypt } = await open(t, arns.key.replace('1234abcd', 'aaaaaaaa'))
  aws.createKey({ arn: arns.key.replace('1234abcd', 'aaaaaaaa'), spec: 'RSA_2048' })
  t.match(await encrypt('x'.repeat(190), never), { context: false, algorithm: 'RSAES_OAEP_SHA_256' })
  await encrypt('hello', never)
  t.strictSame(aws.calls.map(({ outcome }) => outcome), ['InvalidKeyUsageException', 'ok', 'ok'])
})

t.test('a key that cannot encrypt is refused in KMS\'s first words', async t => {
  const { aws, encrypt } = await open(t, arns.key)
  aws.setKeyState(arns.key, 'Disabled')
  await t.rejects(encrypt('hello', never), { name: 'DisabledException' })
  await t.rejects(encrypt('', never), { name: 'DisabledException' })
  aws.setKeyState(arns.key, 'Enabled')
  await t.rejects(encrypt('', never), { name: 'ValidationException', message: /between 1 and 4096/ })
})
