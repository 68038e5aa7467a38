import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import t, { type Test } from 'tap'
import type { FakeAws } from '../../local/aws/fake.ts'
import { timedCalls } from '../../workload/call.ts'
import { createJournal, EventRejected, type WriteEvent } from '../../workload/journal.ts'
import { arns, openAws, useAws } from '../fixtures/workload.ts'

const never = new AbortController().signal
const stream = 'default/web-1/10.0.0.7'

async function open (t: Test, group = '/topicten/tests'): Promise<{ aws: FakeAws, write: WriteEvent, another: () => WriteEvent }> {
  const aws = await openAws(t)
  useAws(t, aws)
  const logs = new CloudWatchLogsClient({ region: 'eu-west-3', maxAttempts: 1 })
  t.teardown(() => { logs.destroy() })
  const another = () => createJournal({ logs, group, stream, call: timedCalls(5000) })
  return { aws, write: another(), another }
}

const operations = (aws: FakeAws) => aws.calls.map(({ operation, outcome }) => `${operation} ${outcome}`)

t.test('the stream is made once, at the first event', async t => {
  const { aws, write } = await open(t)
  const now = Date.now()
  await write('one', now, never)
  await write('two', now, never)
  t.strictSame(operations(aws), ['CreateLogStream ok', 'PutLogEvents ok', 'PutLogEvents ok'])
  t.match(aws.events(arns.logGroup).get(stream), [{ message: 'one', timestamp: now }, { message: 'two', timestamp: now }])
})

t.test('a stream that is there already is written to', async t => {
  const { aws, write, another } = await open(t)
  await write('one', Date.now(), never)
  await another()('two', Date.now(), never)
  t.strictSame(operations(aws).slice(2), ['CreateLogStream ResourceAlreadyExistsException', 'PutLogEvents ok'])
})

t.test('a stream that was deleted is made again', async t => {
  const { aws, write } = await open(t)
  await write('one', Date.now(), never)
  aws.createLogGroup({ arn: arns.logGroup })
  await write('two', Date.now(), never)
  t.match(aws.events(arns.logGroup).get(stream), [{ message: 'two' }])
  t.strictSame(operations(aws).slice(2), ['PutLogEvents ResourceNotFoundException', 'CreateLogStream ok', 'PutLogEvents ok'])
})

t.test('a group that is not there is an error', async t => {
  const { aws, write } = await open(t, '/nowhere')
  await t.rejects(write('one', Date.now(), never), { name: 'ResourceNotFoundException' })
  t.strictSame(operations(aws), ['CreateLogStream ResourceNotFoundException'])
})

t.test('an event that CloudWatch takes and drops is an error', async t => {
  const { write } = await open(t)
  const day = 86_400_000
  await t.rejects(write('old', Date.now() - 15 * day, never), { constructor: EventRejected, message: 'the event is more than 14 days old' })
  await t.rejects(write('new', Date.now() + day, never), { constructor: EventRejected, message: /too far in the future/ })
})
