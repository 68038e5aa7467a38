import { S3Client } from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'
import type { FakeAws } from '../../local/aws/fake.ts'
import { timedCalls } from '../../workload/call.ts'
import { createObjectStorage } from '../../workload/object-storage.ts'
import { formatRecord, objectKey } from '../../workload/record.ts'
import { openAws, useAws } from '../fixtures/workload.ts'

const never = new AbortController().signal
const bucket = 'messages-of-tests'
const record = {
  id: '01890000-0000-7000-8000-000000000000', time: '2026-01-02T03:04:05.678Z', namespace: 'default', pod: 'web-1', stream: 's', message: 'hello'
}

async function open (t: Test, name = bucket): Promise<{ aws: FakeAws, storage: ReturnType<typeof createObjectStorage> }> {
  const aws = await openAws(t)
  useAws(t, aws)
  const client = new S3Client({ region: 'eu-west-3', maxAttempts: 1 })
  t.teardown(() => { client.destroy() })
  return { aws, storage: createObjectStorage({ client, bucket: name, call: timedCalls(5000) }) }
}

t.test('a message that was stored and whose reply was lost is stored once', async t => {
  const { aws, storage } = await open(t)
  aws.inject({ kinds: ['lost'], count: 1 })
  await storage.prepare(never)
  await t.rejects(storage.put(record, 'key', never), { code: 'ECONNRESET' })
  await storage.put(record, 'key', never)
  t.strictSame([...aws.objects(bucket)].map(([key, { content }]) => [key, content.toString()]), [[objectKey(record), formatRecord(record)]])
  t.strictSame(aws.calls.map(({ operation, outcome }) => `${operation} ${outcome}`), ['PutObject ok', 'PutObject PreconditionFailed', 'GetObject ok'])
})

t.test('an object with another content is left as it is', async t => {
  const { aws, storage } = await open(t)
  await storage.put(record, 'key', never)
  await t.rejects(storage.put({ ...record, message: 'other' }, 'key', never), { message: /^the object messages\/default\/.* has another content$/ })
  await t.rejects(storage.put({ ...record, message: '' }, 'key', never), { message: /has another content$/ })
  t.match(aws.objects(bucket).get(objectKey(record))?.content.toString(), /hello/)
})

t.test('who may not read takes an object under a random id for its own', async t => {
  const { aws, storage } = await open(t)
  await storage.put(record, 'key', never)
  aws.inject({ kinds: ['denied'], operations: ['GetObject'] })
  await t.resolves(storage.put(record, 'key', never))
})

t.test('when the look at the object fails, it is not known', async t => {
  const { aws, storage } = await open(t)
  await storage.put(record, 'key', never)
  aws.inject({ kinds: ['error'], operations: ['GetObject'] })
  await t.rejects(storage.put(record, 'key', never), { name: 'InternalError' })
})

t.test('a bucket that is none is unfit; another refusal is not', async t => {
  const { aws, storage } = await open(t, 'no-such-bucket')
  await t.rejects(storage.put(record, 'key', never), {
    name: 'UnfitStorage', message: 'STORAGE_ARN: found the bucket "no-such-bucket", which does not exist; expected the ARN of a bucket that does'
  })
  aws.inject({ kinds: ['denied'] })
  await t.rejects(storage.put(record, 'key', never), { name: 'AccessDenied' })
})
