import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import {
  DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type ListObjectsV2CommandOutput, PutObjectCommand,
  type PutObjectCommandInput, S3Client, type S3ClientConfig
} from '@aws-sdk/client-s3'
import t from 'tap'
import { startFakeAws } from '../../../local/aws/fake.ts'

const aws = await startFakeAws()
t.teardown(() => aws.close())
aws.createBucket({ name: 'a-bucket', region: 'eu-west-3', owner: '111122223333' })
aws.createBucket({ name: 'listed', region: 'eu-west-3' })
aws.createBucket({ name: 'unlisted', region: 'eu-west-3', mayList: false })
aws.createBucket({ name: 'elsewhere', region: 'us-east-1' })
aws.createBucket({ name: 'dotted.name', region: 'eu-west-3' })

function client (more: S3ClientConfig = {}): S3Client {
  const made = new S3Client({ region: 'eu-west-3', endpoint: aws.endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1, ...more })
  t.teardown(() => { made.destroy() })
  return made
}

const s3 = client()
const put = (input: Partial<PutObjectCommandInput>) => s3.send(new PutObjectCommand({ Bucket: 'a-bucket', Key: 'key', Body: 'content', ...input }))

await t.test('what was put is got, under any key', async t => {
  for (const Key of ['messages/a.json', "ü ?#%+&=~!'()*<>", 'a//b/../c', '€'.repeat(341)]) {
    const { ETag } = await put({ Key, Body: 'conténu', ContentType: 'text/plain; charset=utf-8' })
    const got = await s3.send(new GetObjectCommand({ Bucket: 'a-bucket', Key }))
    t.match(got, { ETag, ContentType: 'text/plain; charset=utf-8', ContentLength: 8 })
    t.equal(await got.Body!.transformToString(), 'conténu')
    t.match(await s3.send(new HeadObjectCommand({ Bucket: 'a-bucket', Key })), { ETag, ContentLength: 8 })
  }
})

await t.test('a stream goes in chunks with a checksum behind them', async t => {
  await put({ Key: 'stream', Body: Readable.from([Buffer.alloc(70_000, 'a'), Buffer.alloc(70_000, 'b')]), ContentLength: 140_000 })
  t.strictSame(aws.objects('a-bucket').get('stream')?.content, Buffer.from('a'.repeat(70_000) + 'b'.repeat(70_000)))
})

await t.test('a bucket may be part of the host name', async t => {
  const { port } = new URL(aws.endpoint)
  // Not every resolver knows names below localhost.
  const httpAgent = new Agent({ lookup: (host, options, found) => { found(null, [{ address: '127.0.0.1', family: 4 }]) } })
  const named = client({ endpoint: `http://localhost:${port}`, requestHandler: { httpAgent } })
  await named.send(new PutObjectCommand({ Bucket: 'a-bucket', Key: 'by/host', Body: 'x' }))
  t.ok(aws.objects('a-bucket').has('by/host'))
})

await t.test('a write on condition goes through once', async t => {
  const { ETag } = await put({ Key: 'once', IfNoneMatch: '*' })
  await t.rejects(put({ Key: 'once', IfNoneMatch: '*' }), { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } })
  await put({ Key: 'once', Body: 'new', IfMatch: ETag })
  await t.rejects(put({ Key: 'once', Body: 'newer', IfMatch: ETag }), { name: 'PreconditionFailed' })
  t.equal(String(aws.objects('a-bucket').get('once')?.content), 'new')
})

const refused: Record<string, [Partial<PutObjectCommandInput>, string, number]> = {
  'If-Match on a key that is not there': [{ Key: 'absent', IfMatch: '"x"' }, 'NoSuchKey', 404],
  'If-Match with an asterisk': [{ IfMatch: '*' }, 'NotImplemented', 501],
  'If-None-Match with an ETag': [{ IfNoneMatch: '"x"' }, 'NotImplemented', 501],
  'both conditions': [{ IfNoneMatch: '*', IfMatch: '"x"' }, 'NotImplemented', 501],
  'another owner': [{ ExpectedBucketOwner: '999999999999' }, 'AccessDenied', 403],
  'a key of 1025 bytes': [{ Key: 'a'.repeat(1025) }, 'KeyTooLongError', 400],
  'another digest': [{ ContentMD5: 'rL0Y20zC+Fzt72VPzMSk2A==' }, 'BadDigest', 400],
  'another checksum': [{ ChecksumCRC32: 'AAAAAA==' }, 'BadDigest', 400],
  'a checksum it does not know': [{ ChecksumCRC32C: 'AAAAAA==' }, 'NotImplemented', 501],
  'a bucket that is not there': [{ Bucket: 'no-bucket' }, 'NoSuchBucket', 404],
  'a bucket in another region': [{ Bucket: 'elsewhere' }, 'PermanentRedirect', 301],
  'a bucket name with upper case': [{ Bucket: 'A-Bucket' }, 'InvalidBucketName', 400],
  'a bucket name that begins xn--': [{ Bucket: 'xn--bucket' }, 'InvalidBucketName', 400],
  'a bucket name that ends -s3alias': [{ Bucket: 'bucket-s3alias' }, 'InvalidBucketName', 400],
  'a bucket name like an address': [{ Bucket: '192.168.0.1' }, 'InvalidBucketName', 400],
  'a bucket name with two dots': [{ Bucket: 'a..b' }, 'InvalidBucketName', 400],
  'a bucket name of 2 characters': [{ Bucket: 'ab' }, 'InvalidBucketName', 400]
}

for (const [what, [input, name, httpStatusCode]] of Object.entries(refused)) {
  await t.test(`PutObject refuses ${what}`, async t => {
    await t.rejects(put(input), { name, $metadata: { httpStatusCode } })
  })
}

await t.test("the bucket's owner, rightly named, lets in", async t => {
  await t.resolves(put({ ExpectedBucketOwner: '111122223333' }))
})

await t.test('a client that follows redirects is led to the region of the bucket', async t => {
  await client({ followRegionRedirects: true }).send(new PutObjectCommand({ Bucket: 'elsewhere', Key: 'k', Body: 'x' }))
  t.match(aws.calls.slice(-2), [{ region: 'eu-west-3', outcome: 'PermanentRedirect' }, { region: 'us-east-1', outcome: 'ok' }])
})

await t.test('a partition does not know the buckets of another', async t => {
  await t.rejects(client({ region: 'cn-north-1' }).send(new GetObjectCommand({ Bucket: 'a-bucket', Key: 'key' })), { name: 'NoSuchBucket' })
})

await t.test('reading minds conditions, and says what is not there', async t => {
  const { ETag } = await put({ Key: 'read' })
  const get = (input: object) => s3.send(new GetObjectCommand({ Bucket: 'a-bucket', Key: 'read', ...input }))
  await t.rejects(get({ IfMatch: '"x"' }), { name: 'PreconditionFailed' })
  t.match(await get({ IfNoneMatch: ETag }).catch((error: unknown) => error), { $metadata: { httpStatusCode: 304 } })
  await t.rejects(get({ Key: 'absent' }), { name: 'NoSuchKey' })
  await t.rejects(get({ Range: 'bytes=0-1' }), { name: 'NotImplemented' })
  await t.rejects(s3.send(new HeadObjectCommand({ Bucket: 'a-bucket', Key: 'absent' })), { name: 'NotFound' })
  await t.rejects(get({ Bucket: 'unlisted' }), { name: 'AccessDenied' }, 'without s3:ListBucket nobody learns what is not there')
  await t.rejects(s3.send(new ListObjectsV2Command({ Bucket: 'unlisted' })), { name: 'AccessDenied' })
  await t.rejects(s3.send(new DeleteObjectCommand({ Bucket: 'a-bucket', Key: 'read' })), { name: 'NotImplemented' })
})

await t.test('lists come in pages, by prefix, in the order of bytes', async t => {
  const keys = ['a/1', 'a/2', 'a/3', 'b/<&>"\'', 'b/é', 'b/\u{1f600}', 'b/\uffee']
  for (const Key of keys.toReversed()) await s3.send(new PutObjectCommand({ Bucket: 'listed', Key, Body: 'x' }))
  const list = (input: object) => s3.send(new ListObjectsV2Command({ Bucket: 'listed', ...input }))
  const keysOf = ({ Contents = [] }: ListObjectsV2CommandOutput) => Contents.map(({ Key }) => Key)
  t.strictSame(keysOf(await list({ Prefix: 'b/' })), ['b/<&>"\'', 'b/é', 'b/\uffee', 'b/\u{1f600}'])
  const first = await list({ Prefix: 'a/', MaxKeys: 2 })
  t.match(first, { IsTruncated: true, KeyCount: 2, MaxKeys: 2, Prefix: 'a/' })
  const second = await list({ Prefix: 'a/', MaxKeys: 2, ContinuationToken: first.NextContinuationToken })
  t.strictSame([keysOf(first), keysOf(second), second.IsTruncated], [['a/1', 'a/2'], ['a/3'], false])
  t.strictSame(keysOf(await list({ StartAfter: 'b' })).length, 4)
  t.strictSame(keysOf(await list({ Prefix: 'b/é', EncodingType: 'url' })), ['b%2F%C3%A9'])
  t.match(await list({ MaxKeys: 0 }), { KeyCount: 0, IsTruncated: false })
  await t.rejects(list({ MaxKeys: -1 }), { name: 'InvalidArgument' })
  await t.rejects(list({ Delimiter: '/' }), { name: 'NotImplemented' })
})

t.test('what the fake is to have must be sound', async t => {
  t.throws(() => { aws.createBucket({ name: 'Upper', region: 'eu-west-3' }) }, { message: /upper-case/ })
  t.throws(() => { aws.createBucket({ name: 'good-name', region: 'nowhere' }) }, { message: /no region/ })
  t.throws(() => aws.objects('no-bucket'), { message: /no bucket/ })
})
