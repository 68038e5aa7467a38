import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import t, { type Test } from 'tap'
import type { FakeAws } from '../../local/aws/fake.ts'
import { timedCalls } from '../../workload/call.ts'
import type { Storage } from '../../workload/storage.ts'
import { createTableStorage } from '../../workload/table-storage.ts'
import { arns, openAws, useAws } from '../fixtures/workload.ts'

const never = new AbortController().signal
const record = { id: 'an-id', time: '2026-01-02T03:04:05.678Z', namespace: 'default', pod: 'web-1', stream: 's', message: 'hello' }

async function open (t: Test, table = arns.table): Promise<{ aws: FakeAws, storage: Storage }> {
  const aws = await openAws(t)
  useAws(t, aws)
  const client = new DynamoDBClient({ region: 'eu-west-3', maxAttempts: 1 })
  t.teardown(() => { client.destroy() })
  return { aws, storage: createTableStorage({ client, table, call: timedCalls(5000) }) }
}

t.test('a message is put under the names of the table\'s key, which is asked for once', async t => {
  const { aws, storage } = await open(t)
  aws.createTable({ arn: arns.table, hash: { name: 'pk', type: 'S' }, range: { name: 'sk', type: 'N' } })
  await storage.prepare(never)
  await storage.put(record, 'key', never)
  t.match(aws.items(arns.table), [{ pk: { S: 'an-id' }, sk: { N: '1767323045678' }, message: { S: 'hello' }, keyArn: { S: 'key' } }])
  t.strictSame(aws.calls.map(({ operation }) => operation), ['DescribeTable', 'PutItem'])
})

t.test('a message whose reply was lost is in the table once', async t => {
  const { aws, storage } = await open(t)
  await storage.prepare(never)
  aws.inject({ kinds: ['lost'], count: 1 })
  await t.rejects(storage.put(record, 'key', never), { code: 'ECONNRESET' })
  await storage.put(record, 'key', never)
  t.equal(aws.items(arns.table).length, 1)
})

t.test('an item with another content is left as it is', async t => {
  const { aws, storage } = await open(t)
  await storage.put(record, 'key', never)
  await t.rejects(storage.put({ ...record, message: 'other' }, 'key', never), { message: /^the item an-id is there with another content/ })
  t.match(aws.items(arns.table), [{ message: { S: 'hello' } }])
})

t.test('who may not look at the table takes its key for id', async t => {
  const { aws, storage } = await open(t)
  aws.inject({ kinds: ['denied'], operations: ['DescribeTable'] })
  await storage.prepare(never)
  await storage.put(record, 'key', never)
  t.match(aws.items(arns.table), [{ id: { S: 'an-id' } }])
})

t.test('a look that fails is no verdict', async t => {
  const { aws, storage } = await open(t)
  aws.inject({ kinds: ['error'], count: 1 })
  await t.rejects(storage.prepare(never), { name: 'InternalServerError' })
  await t.resolves(storage.put(record, 'key', never))
})

t.test('a key of another type, or no table at all, is unfit', async t => {
  const { aws, storage } = await open(t)
  aws.createTable({ arn: arns.table, hash: { name: 'id', type: 'N' } })
  await t.rejects(storage.prepare(never), { name: 'UnfitStorage', message: /the hash key "id" of type N; expected a hash key of type S/ })
  const { storage: nowhere } = await open(t, arns.table.replace('messages', 'nowhere'))
  await t.rejects(nowhere.prepare(never), { name: 'UnfitStorage', message: /table\/nowhere", which does not exist/ })
})
