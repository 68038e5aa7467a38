import { once } from 'node:events'
import { connect } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { CloudWatchLogsClient, CreateLogStreamCommand } from '@aws-sdk/client-cloudwatch-logs'
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DescribeKeyCommand, EncryptCommand, KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms'
import { GetObjectCommand, PutObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'
import { type FakeAws, type FakeAwsOptions, startFakeAws } from '../../../local/aws/fake.ts'
import type { FaultKind } from '../../../local/aws/faults.ts'
import { partitions } from '../../../api/partitions.ts'

const arn = 'arn:aws:kms:eu-west-3:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const roleArn = 'arn:aws:iam::123456789012:role/pods/writer'

async function start (t: Test, options: FakeAwsOptions = {}): Promise<FakeAws> {
  const aws = await startFakeAws(options)
  t.teardown(() => aws.close())
  aws.createKey({ arn })
  aws.createBucket({ name: 'a-bucket', region: 'eu-west-3' })
  return aws
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

function kmsOf (t: Test, { endpoint }: FakeAws, more: KMSClientConfig = {}): KMSClient {
  const client = new KMSClient({ region: 'eu-west-3', endpoint, credentials, maxAttempts: 1, ...more })
  t.teardown(() => { client.destroy() })
  return client
}

function s3Of (t: Test, { endpoint }: FakeAws, more: S3ClientConfig = {}): S3Client {
  const client = new S3Client({ region: 'eu-west-3', endpoint, credentials, maxAttempts: 1, ...more })
  t.teardown(() => { client.destroy() })
  return client
}

const describe = (client: KMSClient) => client.send(new DescribeKeyCommand({ KeyId: arn }))
const put = (client: S3Client, more: object = {}) => client.send(new PutObjectCommand({ Bucket: 'a-bucket', Key: 'key', Body: 'x', ...more }))

const strangers: Record<string, [KMSClientConfig & S3ClientConfig, string, string]> = {
  'an unknown key': [{ credentials: { accessKeyId: 'other', secretAccessKey: 'test' } }, 'UnrecognizedClientException', 'InvalidAccessKeyId'],
  'a wrong secret': [{ credentials: { accessKeyId: 'test', secretAccessKey: 'wrong' } }, 'InvalidSignatureException', 'SignatureDoesNotMatch'],
  'a token that is none': [{ credentials: { ...credentials, sessionToken: 'x' } }, 'UnrecognizedClientException', 'InvalidAccessKeyId'],
  'a region that there is not': [{ region: 'eu-nowhere' }, 'InvalidSignatureException', 'AuthorizationHeaderMalformed']
}

for (const [what, [config, code, s3Code]] of Object.entries(strangers)) {
  await t.test(`a request signed with ${what} is refused`, async t => {
    const aws = await start(t)
    await t.rejects(describe(kmsOf(t, aws, config)), { name: code })
    await t.rejects(put(s3Of(t, aws, config)), { name: s3Code })
    t.match(aws.calls, [{ service: 'kms', region: '', outcome: code }, { service: 's3', outcome: s3Code }])
  })
}

await t.test('a request that is not signed, or altered on its way, is refused', async t => {
  const aws = await start(t)
  const target = { 'x-amz-target': 'TrentService.DescribeKey' }
  const body = JSON.stringify({ KeyId: arn })
  t.match(await (await fetch(aws.endpoint, { method: 'POST', body, headers: target })).json(), { __type: 'MissingAuthenticationTokenException' })
  const kms = kmsOf(t, aws)
  // After the signature: https://github.com/smithy-lang/smithy-typescript/tree/main/packages/middleware-stack
  kms.middlewareStack.add(next => async args => {
    (args.request as { body: string }).body = body.replace('1234abcd', '9999abcd')
    return next(args)
  }, { step: 'finalizeRequest', priority: 'low' })
  await t.rejects(describe(kms), { name: 'InvalidSignatureException' })
  const response = await fetch(`${aws.endpoint}/a-bucket/key`)
  t.match([response.status, await response.text()], [403, /<Code>AccessDenied<\/Code>/])
})

await t.test('a clock that is 16 minutes off is refused, and what it says is corrected by a second attempt', async t => {
  const aws = await start(t, { now: () => Date.now() - 16 * 60_000 })
  await t.rejects(describe(kmsOf(t, aws)), { message: /Signature expired/ })
  await t.rejects(put(s3Of(t, aws)), { name: 'RequestTimeTooSkewed' })
})

await t.test('each of the partitions has its own resources', async t => {
  const aws = await start(t)
  for (const { id, regions: [region = ''] } of partitions) {
    const key = `arn:${id}:kms:${region}:123456789012:key/mrk-${'b'.repeat(32)}`
    aws.createKey({ arn: key })
    const { KeyId } = await kmsOf(t, aws, { region }).send(new EncryptCommand({ KeyId: key, Plaintext: Buffer.from('x') }))
    t.equal(KeyId, key)
    t.match(aws.calls.at(-1), { region, outcome: 'ok' })
  }
})

await t.test('an operation it does not have is refused by name, and a body that is no JSON too', async t => {
  const aws = await start(t)
  const kms = kmsOf(t, aws)
  kms.middlewareStack.add(next => async args => {
    (args.request as { headers: Record<string, string> }).headers['x-amz-target'] = 'TrentService.CreateKey'
    return next(args)
  }, { step: 'build' })
  await t.rejects(describe(kms), { name: 'UnknownOperationException', message: /no kms CreateKey/ })
  const broken = kmsOf(t, aws)
  broken.middlewareStack.add(next => async args => {
    const request = args.request as { body: string | Uint8Array }
    request.body = '['.padEnd(request.body.length)
    return next(args)
  }, { step: 'build' })
  await t.rejects(describe(broken), { name: 'SerializationException' })
})

const words: [FaultKind, string, string, string, string][] = [
  ['throttle', 'ThrottlingException', 'SlowDown', 'ProvisionedThroughputExceededException', 'ThrottlingException'],
  ['error', 'KMSInternalException', 'InternalError', 'InternalServerError', 'ServiceUnavailableException'],
  ['denied', 'AccessDeniedException', 'AccessDenied', 'AccessDeniedException', 'AccessDeniedException']
]

for (const [kind, kmsCode, s3Code, tableCode, logsCode] of words) {
  await t.test(`the fault "${kind}" has each service's own code`, async t => {
    const aws = await start(t)
    const common = { region: 'eu-west-3', endpoint: aws.endpoint, credentials, maxAttempts: 1 }
    const dynamodb = new DynamoDBClient(common)
    const logs = new CloudWatchLogsClient(common)
    t.teardown(() => { for (const client of [dynamodb, logs]) client.destroy() })
    aws.inject({ kinds: [kind] })
    await t.rejects(describe(kmsOf(t, aws)), { name: kmsCode })
    await t.rejects(put(s3Of(t, aws)), { name: s3Code })
    await t.rejects(dynamodb.send(new DescribeTableCommand({ TableName: 'messages' })), { name: tableCode })
    await t.rejects(logs.send(new CreateLogStreamCommand({ logGroupName: '/x', logStreamName: 'y' })), { name: logsCode })
    t.ok(aws.calls.every(({ fault }) => fault === kind))
  })
}

await t.test('a lost reply has had its effect, a reset connection has not', async t => {
  const aws = await start(t)
  const s3 = s3Of(t, aws)
  aws.inject({ kinds: ['reset'], count: 1 })
  await t.rejects(put(s3, { Key: 'reset' }), { code: 'ECONNRESET' })
  aws.inject({ kinds: ['lost'], count: 1 })
  await t.rejects(put(s3, { Key: 'lost' }), { code: 'ECONNRESET' })
  await put(s3, { Key: 'well' })
  t.strictSame([...aws.objects('a-bucket').keys()], ['lost', 'well'])
  t.match(aws.calls, [{ outcome: 'reset', fault: 'reset' }, { outcome: 'ok', fault: 'lost' }, { outcome: 'ok', fault: undefined }])
})

await t.test('a hanging call ends by the client alone', async t => {
  const aws = await start(t)
  aws.inject({ kinds: ['hang'], count: 1 })
  const s3 = s3Of(t, aws)
  await t.rejects(s3.send(new PutObjectCommand({ Bucket: 'a-bucket', Key: 'k', Body: 'x' }), { abortSignal: AbortSignal.timeout(200) }), { name: 'AbortError' })
  t.equal(aws.objects('a-bucket').size, 0)
})

await t.test('a conflict meets only writes on condition', async t => {
  const aws = await start(t)
  const s3 = s3Of(t, aws)
  const stop = aws.inject({ kinds: ['conflict'] })
  await put(s3)
  await t.rejects(put(s3, { IfNoneMatch: '*' }), { name: 'ConditionalRequestConflict', $metadata: { httpStatusCode: 409 } })
  await s3.send(new GetObjectCommand({ Bucket: 'a-bucket', Key: 'key' }))
  stop()
  await put(s3, { Key: 'other', IfNoneMatch: '*' })
})

await t.test('the same seed fails the same calls, at about the rate', async t => {
  const patterns: string[] = []
  for (const seed of [7, 7, 8]) {
    const aws = await start(t)
    aws.inject({ kinds: ['throttle', 'error'], rate: 0.3, seed, operations: ['DescribeKey'], after: 10 })
    const kms = kmsOf(t, aws)
    for (let index = 0; index < 100; index++) await describe(kms).catch(() => {})
    patterns.push(aws.calls.map(({ fault = '-' }) => fault.slice(0, 1)).join(''))
  }
  t.equal(patterns[0], patterns[1])
  t.not(patterns[0], patterns[2])
  t.match(patterns[0], /^-{10}/)
  const faults = patterns[0]!.replaceAll('-', '').length
  t.ok(faults > 10 && faults < 50, `${faults} of 100`)
})

await t.test('a web identity gets credentials that are good for an hour', async t => {
  let now = Date.now()
  const aws = await start(t, { identities: [{ roleArn, token: 'token' }], now: () => now })
  const ask = (more: Record<string, string>) => fetch(aws.endpoint, {
    method: 'POST',
    body: new URLSearchParams({ Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15', RoleArn: roleArn, RoleSessionName: 'me', WebIdentityToken: 'token', ...more })
  }).then(response => response.text())
  const xml = await ask({})
  const tag = (name: string) => new RegExp(`<${name}>(.*)</${name}>`).exec(xml)![1]!
  const issued = { accessKeyId: tag('AccessKeyId'), secretAccessKey: tag('SecretAccessKey'), sessionToken: tag('SessionToken') }
  await t.resolves(describe(kmsOf(t, aws, { credentials: issued })))
  await t.rejects(describe(kmsOf(t, aws, { credentials: { ...issued, sessionToken: 'x' } })), { name: 'UnrecognizedClientException' })
  now += 3_600_001
  await t.rejects(describe(kmsOf(t, aws, { credentials: issued, systemClockOffset: 3_600_001 })), { name: 'ExpiredTokenException' })
  await t.rejects(put(s3Of(t, aws, { credentials: issued, systemClockOffset: 3_600_001 })), { name: 'ExpiredToken' })
  t.match(await ask({ WebIdentityToken: 'x' }), /<Code>InvalidIdentityToken</)
  t.match(await ask({ RoleArn: `${roleArn}2` }), /<Code>AccessDenied</)
  t.match(await ask({ RoleArn: 'x' }), /<Code>ValidationError</)
  t.match(await ask({ DurationSeconds: '899' }), /<Code>ValidationError</)
  aws.inject({ kinds: ['throttle'] })
  t.match(await ask({}), /<Code>Throttling</)
})

await t.test("the SDK's own chain gets credentials of a web identity and of a container", async t => {
  const aws = await start(t, { identities: [{ roleArn, token: 'token' }] })
  const file = `${t.testdir()}/token`
  await writeFile(file, 'token')
  const before = { ...process.env }
  t.teardown(() => { process.env = before })
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  const own = { ...process.env, AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_EC2_METADATA_DISABLED: 'true', AWS_REGION: 'eu-west-3', AWS_ENDPOINT_URL: aws.endpoint }
  const ways = [
    { AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: file },
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: aws.container.uri, AWS_CONTAINER_AUTHORIZATION_TOKEN: aws.container.token }
  ]
  for (const way of ways) {
    process.env = { ...own, ...way }
    const kms = new KMSClient({ maxAttempts: 1 })
    t.teardown(() => { kms.destroy() })
    await describe(kms)
    t.match(aws.calls.at(-1), { operation: 'DescribeKey', accessKeyId: /^ASIA/, outcome: 'ok' })
  }
  const response = await fetch(aws.container.uri, { headers: { authorization: 'x' } })
  t.match([response.status, await response.json()], [401, { code: 'AccessDenied' }])
})

await t.test('what is no HTTP request, or ends too early, does no harm', async t => {
  const aws = await start(t)
  const { port } = new URL(aws.endpoint)
  const early = connect(Number(port), '127.0.0.1')
  early.write('PUT /a-bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc')
  await once(early, 'ready')
  early.destroy()
  t.equal((await fetch(`${aws.endpoint}/a-bucket/key?%zz`)).status, 599)
  await t.resolves(describe(kmsOf(t, aws)))
})

t.test('the port may be given, and is free again after the end', async t => {
  const first = await startFakeAws({ host: '127.0.0.1' })
  const port = Number(new URL(first.endpoint).port)
  await t.rejects(startFakeAws({ port }), { code: 'EADDRINUSE' })
  await first.close()
  const second = await startFakeAws({ port, credentials: { accessKeyId: 'me', secretAccessKey: 'mine' } })
  t.match(second.env, { AWS_ENDPOINT_URL: first.endpoint, AWS_ACCESS_KEY_ID: 'me', AWS_SECRET_ACCESS_KEY: 'mine' })
  await second.close()
})
