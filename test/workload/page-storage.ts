import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'
import type { FakeAws } from '../../local/aws/fake.ts'
import { timedCalls } from '../../workload/call.ts'
import { parsePage } from '../../workload/page.ts'
import { createPageStorage } from '../../workload/page-storage.ts'
import type { Storage } from '../../workload/storage.ts'
import { openAws, useAws } from '../fixtures/workload.ts'

const never = new AbortController().signal
const bucket = 'messages-of-tests'
const record = (second: number) => ({
  id: `id-${second}`, time: new Date(second * 1000).toISOString(), namespace: 'default', pod: 'web-1', stream: 's', message: `<b>${second}</b>`
})

async function open (t: Test, { name = bucket, cap = 100 } = {}): Promise<{ aws: FakeAws, client: S3Client, storage: Storage }> {
  const aws = await openAws(t)
  useAws(t, aws)
  const client = new S3Client({ region: 'eu-west-3', maxAttempts: 1 })
  t.teardown(() => { client.destroy() })
  return { aws, client, storage: createPageStorage({ client, bucket: name, call: timedCalls(5000), cap }) }
}

const ids = (aws: FakeAws) => parsePage(aws.objects(bucket).get('index.html')?.content.toString() ?? '')?.map(({ id }) => id)

t.test('the page is made, has the newest messages first, and no more than its cap', async t => {
  const { aws, storage } = await open(t, { cap: 2 })
  await storage.prepare(never)
  for (const second of [1, 3, 2]) await storage.put(record(second), 'key', never)
  t.strictSame(ids(aws), ['id-3', 'id-2'])
  // Older than all of a full page: nothing is written.
  await storage.put(record(1), 'key', never)
  t.equal(aws.calls.at(-1)?.operation, 'GetObject')
  t.strictSame(ids(aws), ['id-3', 'id-2'])
})

t.test('a message whose reply was lost is on the page once', async t => {
  const { aws, storage } = await open(t)
  aws.inject({ kinds: ['lost'], operations: ['PutObject'], count: 1 })
  await t.rejects(storage.put(record(1), 'key', never), { code: 'ECONNRESET' })
  await storage.put(record(1), 'key', never)
  t.strictSame(ids(aws), ['id-1'])
})

t.test('a write that conflicts with another is tried again on what the page is then', async t => {
  const { aws, storage } = await open(t)
  aws.inject({ kinds: ['conflict'], count: 3 })
  await storage.put(record(1), 'key', never)
  t.strictSame(ids(aws), ['id-1'])
})

t.test('when others are always faster, it is left for later', async t => {
  const { aws, storage } = await open(t)
  aws.inject({ kinds: ['conflict'] })
  const stop = new AbortController()
  const putting = storage.put(record(1), 'key', stop.signal)
  stop.abort(new Error('enough'))
  await t.rejects(putting)
})

const foreign: Record<string, string | Buffer> = {
  'a page of somebody else': '<!doctype html><title>Shop</title>',
  'an empty page': '',
  'a page too large to be ours': Buffer.alloc(17 * 1024 * 1024, 0x20)
}
for (const [name, content] of Object.entries(foreign)) {
  t.test(`${name} is refused with words and left as it is`, async t => {
    const { aws, client, storage } = await open(t)
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'index.html', Body: content }))
    const refusal = { name: 'UnfitStorage', exitCode: 78, message: /found the object "index\.html" in the bucket "messages-of-tests", which is no page/ }
    await t.rejects(storage.prepare(never), refusal)
    await t.rejects(storage.put(record(1), 'key', never), refusal)
    t.equal(aws.objects(bucket).get('index.html')?.content.length, content.length)
  })
}

t.test('without s3:ListBucket the page is made all the same', async t => {
  const { aws, storage } = await open(t)
  aws.createBucket({ name: bucket, region: 'eu-west-3', mayList: false })
  await storage.prepare(never)
  await storage.put(record(1), 'key', never)
  await storage.put(record(2), 'key', never)
  t.strictSame(ids(aws), ['id-2', 'id-1'])
})

t.test('a page that may not be read is told by the refusal to read', async t => {
  const { aws, storage } = await open(t)
  await storage.put(record(1), 'key', never)
  aws.inject({ kinds: ['denied'], operations: ['GetObject'] })
  await t.rejects(storage.put(record(2), 'key', never), { name: 'AccessDenied' })
  t.strictSame(ids(aws), ['id-1'])
})

t.test('a bucket that is none is unfit', async t => {
  const { storage } = await open(t, { name: 'no-such-bucket' })
  await t.rejects(storage.prepare(never), { name: 'UnfitStorage' })
})
