import { existsSync } from 'node:fs'
import { CreateKeyCommand, EncryptCommand } from '@aws-sdk/client-kms'
import { PutLogEventsCommand, CreateLogStreamCommand } from '@aws-sdk/client-cloudwatch-logs'
import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import t from 'tap'
import { startMoto } from '../../../local/moto/moto.ts'
import { type AwsBed, fakeBed, motoBed } from '../../fixtures/aws.ts'

interface Outcome { code: string, status: number | undefined }

async function outcomeOf (call: Promise<{ $metadata: { httpStatusCode?: number | undefined } }>): Promise<Outcome> {
  try {
    const { $metadata } = await call
    return { code: 'ok', status: $metadata.httpStatusCode }
  } catch (error) {
    const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
    return { code: name, status: $metadata?.httpStatusCode }
  }
}

const text = Buffer.from('a message')
const now = Date.now()

// Where moto is right: where it is not it takes what AWS refuses, and the tests of the fake say so alone.
const calls: Record<string, (bed: AwsBed) => ReturnType<typeof outcomeOf>> = {
  'encrypt by key ARN': ({ clients: { kms }, arns }) => outcomeOf(kms.send(new EncryptCommand({ KeyId: arns.key, Plaintext: text }))),
  'encrypt 4096 bytes': ({ clients: { kms }, arns }) => outcomeOf(kms.send(new EncryptCommand({ KeyId: arns.key, Plaintext: Buffer.alloc(4096) }))),
  'encrypt 4097 bytes': ({ clients: { kms }, arns }) => outcomeOf(kms.send(new EncryptCommand({ KeyId: arns.key, Plaintext: Buffer.alloc(4097) }))),
  'encrypt nothing': ({ clients: { kms }, arns }) => outcomeOf(kms.send(new EncryptCommand({ KeyId: arns.key, Plaintext: Buffer.alloc(0) }))),
  'encrypt by a key that is not there': ({ clients: { kms } }) =>
    outcomeOf(kms.send(new EncryptCommand({ KeyId: '00000000-12ab-34cd-56ef-1234567890ab', Plaintext: text }))),
  'put a new object': bed => putObject(bed, { Key: 'a', IfNoneMatch: '*' }),
  'put it again': bed => putObject(bed, { Key: 'a', IfNoneMatch: '*' }),
  'put it with a wrong ETag': bed => putObject(bed, { Key: 'a', IfMatch: '"0123456789abcdef0123456789abcdef"' }),
  'put with an ETag what is not there': bed => putObject(bed, { Key: 'b', IfMatch: '"0123456789abcdef0123456789abcdef"' }),
  'put into a bucket that is not there': bed => putObject(bed, { Bucket: 'no-bucket-of-this-name' }),
  'get what is not there': ({ clients: { s3 }, bucket }) => outcomeOf(s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'absent' }))),
  'put a new item': bed => putItem(bed, { id: { S: 'a' } }),
  'put that item again': bed => putItem(bed, { id: { S: 'a' } }),
  'put an item without its key': bed => putItem(bed, { other: { S: 'a' } }),
  'put an item with a key of another type': bed => putItem(bed, { id: { N: '1' } }),
  'put an item with an empty key': bed => putItem(bed, { id: { S: '' } }),
  'put an item of more than 400 KB': bed => putItem(bed, { id: { S: 'b' }, text: { S: 'a'.repeat(410_000) } }),
  'scan by a filter': ({ clients: { dynamodb }, arns }) => outcomeOf(dynamodb.send(new ScanCommand({
    TableName: arns.table,
    FilterExpression: '#ns = :ns AND begins_with(#pod, :prefix)',
    ExpressionAttributeNames: { '#ns': 'namespace', '#pod': 'pod' },
    ExpressionAttributeValues: { ':ns': { S: 'shop' }, ':prefix': { S: 'web' } }
  }))),
  'put events into a stream that is not there': bed => putEvents(bed, [now]),
  'create a stream': bed => createStream(bed),
  'create it again': bed => createStream(bed),
  'put events in order': bed => putEvents(bed, [now - 1, now]),
  'put events out of order': bed => putEvents(bed, [now, now - 1]),
  'put an event that is too old': bed => putEvents(bed, [now - 15 * 86_400_000]),
  'create a stream in a group that is not there': bed => createStream(bed, '/no/group')
}

function putObject ({ clients: { s3 }, bucket }: AwsBed, input: object): Promise<Outcome> {
  return outcomeOf(s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'key', Body: 'x', ...input })))
}

function putItem ({ clients: { dynamodb }, arns }: AwsBed, Item: Record<string, { S: string } | { N: string }>): Promise<Outcome> {
  const condition = { ConditionExpression: 'attribute_not_exists(#hash)', ExpressionAttributeNames: { '#hash': 'id' } }
  return outcomeOf(dynamodb.send(new PutItemCommand({ TableName: arns.table, Item, ...condition })))
}

function createStream ({ clients: { logs }, arns }: AwsBed, logGroupName = arns.logGroup.split(':').at(-1)): Promise<Outcome> {
  return outcomeOf(logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 'shop/web/fd00--1' })))
}

function putEvents ({ clients: { logs }, arns }: AwsBed, times: number[]): Promise<Outcome> {
  const logEvents = times.map(timestamp => ({ timestamp, message: 'x' }))
  const logGroupName = arns.logGroup.split(':').at(-1)
  return outcomeOf(logs.send(new PutLogEventsCommand({ logGroupName, logStreamName: 'shop/web/fd00--1', logEvents })))
}

async function outcomes (bed: AwsBed): Promise<Record<string, Outcome>> {
  const found: Record<string, Outcome> = {}
  for (const [what, call] of Object.entries(calls)) found[what] = await call(bed)
  return found
}

await t.test('the fake answers as moto does, where moto is right', async t => {
  const moto = await motoBed(t)
  if (moto === undefined) return
  t.strictSame(await outcomes(await fakeBed(t)), await outcomes(moto))
})

await t.test('it stops, and leaves nothing', async t => {
  const moto = await motoBed(t)
  if (moto === undefined) return
  const { endpoint, stop } = await startMoto({ env: process.env })
  await stop()
  await t.rejects(fetch(endpoint))
  await t.resolves(moto.clients.kms.send(new CreateKeyCommand({})), 'while another goes on')
})

t.test('without Python the message says what to install', async t => {
  const dir = t.testdir({ empty: {} })
  await t.rejects(startMoto({ env: { PATH: `${dir}/empty`, TOPICTEN_CACHE: `${dir}/cache` } }), {
    name: 'MissingPythonError', message: /^moto needs Python and there is no python3 on the PATH: install/
  })
  t.notOk(existsSync(`${dir}/cache`))
})
