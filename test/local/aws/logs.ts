import {
  CloudWatchLogsClient, CreateLogStreamCommand, DescribeLogStreamsCommand, FilterLogEventsCommand, GetLogEventsCommand, PutLogEventsCommand,
  type GetLogEventsCommandOutput, type InputLogEvent, paginateDescribeLogStreams, paginateFilterLogEvents
} from '@aws-sdk/client-cloudwatch-logs'
import t from 'tap'
import { startFakeAws } from '../../../local/aws/fake.ts'

const group = 'arn:aws:logs:eu-west-3:123456789012:log-group:/topicten/logs'
const now = Date.now()
const hour = 3_600_000
const aws = await startFakeAws({ now: () => now })
t.teardown(() => aws.close())
aws.createLogGroup({ arn: `${group}:*` })

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const client = new CloudWatchLogsClient({ region: 'eu-west-3', endpoint: aws.endpoint, credentials, maxAttempts: 1 })
t.teardown(() => { client.destroy() })
const logGroupName = '/topicten/logs'
const create = (logStreamName: string, inGroup = logGroupName) =>
  client.send(new CreateLogStreamCommand({ logGroupName: inGroup, logStreamName }))
const put = (logStreamName: string, logEvents: InputLogEvent[]) =>
  client.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }))
const event = (message: string, timestamp = now): InputLogEvent => ({ timestamp, message })

// All that tests need is here before the first: tap tears down when it waits for none.
for (const pod of ['a', 'b', 'c']) {
  await create(`read/${pod}`)
  for (let index = 0; index < 5; index++) await put(`read/${pod}`, [event(`${pod}${index}`, now - 1000 + index)])
}

const streams: [string, string, string?][] = [
  ['with a colon', 'shop/web-1/fd00::1'],
  ['with an asterisk', 'shop/*'],
  ['of 513 characters', 'a'.repeat(513)]
]

for (const [what, name] of streams) {
  await t.test(`CreateLogStream refuses a stream ${what}`, async t => {
    await t.rejects(create(name), { name: 'InvalidParameterException', message: /logStreamName/ })
  })
}

const groups: [string, string, string][] = [
  ['with a space', 'a group', 'InvalidParameterException'],
  ['of 513 characters', 'a'.repeat(513), 'InvalidParameterException'],
  ['by its ARN', group, 'InvalidParameterException'],
  ['that is not there', '/other', 'ResourceNotFoundException']
]

for (const [what, name, error] of groups) {
  await t.test(`CreateLogStream refuses a group ${what}`, async t => {
    await t.rejects(create('stream', name), { name: error })
  })
}

await t.test('a stream is made once, and only then takes events', async t => {
  await t.rejects(put('once', [{ timestamp: now, message: 'x' }]), { name: 'ResourceNotFoundException', message: /log stream/ })
  await create('once')
  await t.rejects(create('once'), { name: 'ResourceAlreadyExistsException' })
  await put('once', [{ timestamp: now, message: 'x' }])
  t.strictSame(aws.events(group).get('once'), [{ timestamp: now, message: 'x', ingestionTime: now }])
  const elsewhere = new CloudWatchLogsClient({ region: 'us-east-1', endpoint: aws.endpoint, credentials })
  t.teardown(() => { elsewhere.destroy() })
  await t.rejects(elsewhere.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 'x' })), { name: 'ResourceNotFoundException' })
})

const batches: Record<string, [InputLogEvent[], RegExp]> = {
  'no events': [[], /fewer than 1 items/],
  '10,001 events': [Array.from({ length: 10_001 }, () => event('x')), /more than 10000 items/],
  'an empty event': [[event('')], /fewer than 1 characters/],
  'an event without a time': [[{ timestamp: undefined, message: 'x' }], /timestamp/],
  'an event before 1970': [[event('x', -1)], />= 0/],
  'an event of more than 1 MB': [[event('a'.repeat(1_048_576 - 25))], /Log event too large/],
  'a batch of more than 1 MB': [[event('a'.repeat(600_000)), event('a'.repeat(600_000))], /Upload too large: 1200052/],
  'events out of order': [[event('x'), event('y', now - 1)], /chronological/],
  'events more than 24 hours apart': [[event('x', now - 24 * hour - 1), event('y')], /24 hours/]
}

for (const [what, [events, message]] of Object.entries(batches)) {
  await t.test(`PutLogEvents refuses ${what}`, async t => {
    await t.rejects(put('once', events), { name: 'InvalidParameterException', message })
  })
}

await t.test('the largest batch is taken', async t => {
  await create('large')
  await t.resolves(put('large', Array.from({ length: 10_000 }, () => event('é'.repeat(39)))))
  await t.resolves(put('large', [event('a'.repeat(1_048_576 - 26))]))
})

await t.test('events outside of the window are dropped and told, and that is no error', async t => {
  await create('window')
  const old = await put('window', [event('old', now - 14 * 24 * hour - 1), event('just', now - 14 * 24 * hour)])
  t.strictSame(old.rejectedLogEventsInfo, { tooOldLogEventEndIndex: 1 })
  const early = await put('window', [event('in time', now + 2 * hour), event('early', now + 2 * hour + 1)])
  t.strictSame(early.rejectedLogEventsInfo, { tooNewLogEventStartIndex: 1 })
  t.strictSame(aws.events(group).get('window')?.map(({ message }) => message), ['just', 'in time'])
})

await t.test('streams are listed by prefix, in pages, by name or by their last event', async t => {
  const names: (string | undefined)[] = []
  for await (const { logStreams = [] } of paginateDescribeLogStreams({ client, pageSize: 2 }, { logGroupName, logStreamNamePrefix: 'read/' })) {
    names.push(...logStreams.map(({ logStreamName }) => logStreamName))
  }
  t.strictSame(names, ['read/a', 'read/b', 'read/c'])
  const describe = (input: object) => client.send(new DescribeLogStreamsCommand({ logGroupIdentifier: group, ...input }))
  const { logStreams } = await describe({ orderBy: 'LastEventTime', descending: true, limit: 1 })
  t.match(logStreams, [{ logStreamName: 'window', lastEventTimestamp: now + 2 * hour }])
  await t.rejects(describe({ limit: 51 }), { name: 'InvalidParameterException' })
  await t.rejects(describe({ orderBy: 'LastEventTime', logStreamNamePrefix: 'read' }), { name: 'InvalidParameterException' })
  await t.rejects(describe({ nextToken: 'x' }), { name: 'InvalidParameterException' })
  await t.rejects(describe({ logGroupName }), { name: 'InvalidParameterException', message: /Exactly one/ })
})

await t.test("one stream's events are read from either end until the token stays", async t => {
  const get = (input: object) => client.send(new GetLogEventsCommand({ logGroupName, logStreamName: 'read/a', limit: 2, ...input }))
  const texts = ({ events = [] }: GetLogEventsCommandOutput) => events.map(({ message }) => message)
  const first = await get({ startFromHead: true })
  const second = await get({ startFromHead: true, nextToken: first.nextForwardToken })
  const third = await get({ startFromHead: true, nextToken: second.nextForwardToken })
  const end = await get({ startFromHead: true, nextToken: third.nextForwardToken })
  t.strictSame([first, second, third, end].map(texts), [['a0', 'a1'], ['a2', 'a3'], ['a4'], []])
  t.equal(end.nextForwardToken, third.nextForwardToken)
  const newest = await get({})
  t.strictSame(texts(newest), ['a3', 'a4'])
  t.strictSame(texts(await get({ nextToken: newest.nextBackwardToken })), ['a1', 'a2'])
  t.strictSame(texts(await get({ startTime: now - 999, endTime: now - 997, startFromHead: true })), ['a1', 'a2'])
  await t.rejects(get({ nextToken: 'x' }), { name: 'InvalidParameterException' })
  await t.rejects(get({ limit: 10_001 }), { name: 'InvalidParameterException' })
})

await t.test('events of several streams are read by time, in pages', async t => {
  const found: (string | undefined)[] = []
  for await (const { events = [] } of paginateFilterLogEvents({ client, pageSize: 4 }, { logGroupName, logStreamNamePrefix: 'read/' })) {
    found.push(...events.map(({ message }) => message))
  }
  t.strictSame(found, [0, 1, 2, 3, 4].flatMap(index => [`a${index}`, `b${index}`, `c${index}`]))
  const filter = (input: object) => client.send(new FilterLogEventsCommand({ logGroupName, ...input }))
  t.equal((await filter({ logStreamNames: ['read/a', 'read/c'] })).events?.length, 10)
  await t.rejects(filter({ logStreamNames: ['absent'] }), { name: 'ResourceNotFoundException' })
  await t.rejects(filter({ logStreamNames: ['read/a'], logStreamNamePrefix: 'read' }), { name: 'InvalidParameterException' })
  await t.rejects(filter({ filterPattern: 'x' }), { name: 'InvalidParameterException', message: /filterPattern/ }, 'which the fake does not know')
})

await t.test('a page has at most 1 MB', async t => {
  await create('heavy')
  for (let index = 0; index < 3; index++) await put('heavy', [event('a'.repeat(400_000))])
  const { events } = await client.send(new GetLogEventsCommand({ logGroupName, logStreamName: 'heavy', startFromHead: true }))
  t.equal(events?.length, 2)
})

t.test('what the fake is to have must be sound', async t => {
  t.throws(() => { aws.createLogGroup({ arn: 'arn:aws:logs:eu-west-3:123456789012:log-group:a b' }) }, { message: /white space/ })
  t.throws(() => aws.events(`${group}/absent`), { message: /no log group/ })
})
