import {
  type AttributeValue, DescribeTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand, type PutItemCommandInput, QueryCommand,
  ScanCommand, paginateQuery, paginateScan
} from '@aws-sdk/client-dynamodb'
import t from 'tap'
import { startFakeAws } from '../../../local/aws/fake.ts'

const arnOf = (name: string, region = 'eu-west-3') => `arn:aws:dynamodb:${region}:123456789012:table/${name}`
const aws = await startFakeAws()
t.teardown(() => aws.close())
aws.createTable({ arn: arnOf('plain'), hash: { name: 'id', type: 'S' } })
aws.createTable({ arn: arnOf('ranged'), hash: { name: 'id', type: 'S' }, range: { name: 'at', type: 'N' } })
aws.createTable({ arn: arnOf('listed'), hash: { name: 'id', type: 'S' }, range: { name: 'at', type: 'N' } })
aws.createTable({ arn: arnOf('binary'), hash: { name: 'id', type: 'B' } })

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const client = new DynamoDBClient({ region: 'eu-west-3', endpoint: aws.endpoint, credentials, maxAttempts: 1 })
t.teardown(() => { client.destroy() })
const put = (input: Partial<PutItemCommandInput>) => client.send(new PutItemCommand({ TableName: 'plain', Item: { id: { S: 'a' } }, ...input }))

// All that tests need is here before the first: tap tears down when it waits for none.
for (let at = 0; at < 10; at++) {
  for (const id of ['x', 'y']) {
    const Item = { id: { S: id }, at: { N: String(at * 10) }, pod: { S: `web-${at}` }, namespace: { S: at % 2 ? 'odd' : 'even' } }
    await put({ TableName: 'listed', Item })
  }
}

await t.test('a table goes by name and by ARN', async t => {
  for (const TableName of ['ranged', arnOf('ranged')]) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }))
    t.match(Table, {
      TableArn: arnOf('ranged'),
      TableStatus: 'ACTIVE',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }, { AttributeName: 'at', KeyType: 'RANGE' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }, { AttributeName: 'at', AttributeType: 'N' }]
    })
  }
})

await t.test('a put on condition goes through once, and then tells the item that is there', async t => {
  const conditional = (text: string) => put({
    Item: { id: { S: 'once' }, text: { S: text } },
    ConditionExpression: 'attribute_not_exists(#hash)',
    ExpressionAttributeNames: { '#hash': 'id' },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD'
  })
  await conditional('first')
  await t.rejects(conditional('second'), { name: 'ConditionalCheckFailedException', Item: { id: { S: 'once' }, text: { S: 'first' } } })
  t.strictSame((await put({ Item: { id: { S: 'once' } }, ReturnValues: 'ALL_OLD' })).Attributes, { id: { S: 'once' }, text: { S: 'first' } })
  t.strictSame((await client.send(new GetItemCommand({ TableName: 'plain', Key: { id: { S: 'once' } } }))).Item, { id: { S: 'once' } })
  t.equal((await client.send(new GetItemCommand({ TableName: 'plain', Key: { id: { S: 'never' } } }))).Item, undefined)
})

await t.test('one number is one key, however it is written', async t => {
  for (const N of ['1', '1.0', '+1', '1e0']) await put({ TableName: 'ranged', Item: { id: { S: 'a' }, at: { N } } })
  t.equal(aws.items(arnOf('ranged')).length, 1)
})

const item = (more: Record<string, AttributeValue>) => ({ Item: { id: { S: 'a' }, ...more } })
const refused: Record<string, [Partial<PutItemCommandInput>, string, RegExp]> = {
  'an item without the hash key': [{ Item: { other: { S: 'a' } } }, 'ValidationException', /Missing the key id/],
  'an item without the range key': [{ TableName: 'ranged' }, 'ValidationException', /Missing the key at/],
  'a key of another type': [{ Item: { id: { N: '1' } } }, 'ValidationException', /Type mismatch for key id expected: S actual: N/],
  'an empty key': [{ Item: { id: { S: '' } } }, 'ValidationException', /empty string value. Key: id/],
  'an empty binary key': [{ TableName: 'binary', Item: { id: { B: new Uint8Array() } } }, 'ValidationException', /empty binary/],
  'a hash key of 2049 bytes': [{ Item: { id: { S: 'a'.repeat(2049) } } }, 'ValidationException', /hashkey has exceeded/],
  'an item of more than 400 KB': [item({ text: { S: 'a'.repeat(400 * 1024 - 6) } }), 'ValidationException', /Item size/],
  'a number that is none': [item({ n: { N: 'one' } }), 'ValidationException', /of n is empty/],
  'a number of 39 digits': [item({ n: { N: '1'.repeat(39) } }), 'ValidationException', /of n is empty/],
  'an empty set': [item({ set: { SS: [] } }), 'ValidationException', /of set is empty/],
  'a set with a member twice': [item({ set: { SS: ['a', 'a'] } }), 'ValidationException', /of set is empty/],
  'a table of another region': [{ TableName: arnOf('plain', 'us-east-1') }, 'ResourceNotFoundException', /not found/],
  'a table that is not there': [{ TableName: 'absent' }, 'ResourceNotFoundException', /not found/],
  'a table name of 2 characters': [{ TableName: 'ab' }, 'ValidationException', /3 to 255/],
  'a table name with a space': [{ TableName: 'a table' }, 'ValidationException', /3 to 255/],
  'the ARN of an index': [{ TableName: `${arnOf('plain')}/index/i` }, 'ValidationException', /Invalid table ARN/],
  'a table name of 1025 characters': [{ TableName: 'a'.repeat(1025) }, 'ValidationException', /TableName/],
  'a name that no expression uses': [{ ExpressionAttributeNames: { '#a': 'id' } }, 'ValidationException', /unused in expressions: keys: \{#a\}/],
  'a name that is not defined': [{ ConditionExpression: 'attribute_exists(#a)' }, 'ValidationException', /not defined; attribute name: #a/],
  'a value that is not defined': [{ ConditionExpression: 'id = :a' }, 'ValidationException', /not defined; attribute value: :a/],
  'a reserved word': [{ ConditionExpression: 'attribute_exists(namespace)' }, 'ValidationException', /reserved keyword: namespace/],
  'a condition that ends too early': [{ ConditionExpression: 'attribute_exists(id' }, 'ValidationException', /Syntax error; token: <EOF>/],
  'a condition that goes on too long': [{ ConditionExpression: 'attribute_exists(id) id' }, 'ValidationException', /token: "id"/],
  'a function with an operand too many': [{ ConditionExpression: 'attribute_exists(id, a)' }, 'ValidationException', /number of operands: 2/],
  'a member the fake does not know': [{ ReturnItemCollectionMetrics: 'SIZE' }, 'ValidationException', /ReturnItemCollectionMetrics/]
}

for (const [what, [input, name, message]] of Object.entries(refused)) {
  await t.test(`PutItem refuses ${what}`, async t => {
    await t.rejects(put(input), { name, message })
  })
}

await t.test('an item of just 400 KB is kept', async t => {
  await t.resolves(put(item({ text: { S: 'a'.repeat(400 * 1024 - 7) } })))
})

const filters: [string, Record<string, string>, Record<string, AttributeValue>, number][] = [
  ['#ns = :ns AND begins_with(#pod, :prefix)', { '#ns': 'namespace', '#pod': 'pod' }, { ':ns': { S: 'odd' }, ':prefix': { S: 'web-' } }, 10],
  ['NOT #ns = :ns AND at < :n', { '#ns': 'namespace' }, { ':ns': { S: 'odd' }, ':n': { N: '30' } }, 4],
  ['(at = :a OR at >= :b) AND contains(pod, :p)', {}, { ':a': { N: '0.0' }, ':b': { N: '80' }, ':p': { S: 'web' } }, 6],
  ['at BETWEEN :a AND :b', {}, { ':a': { N: '10' }, ':b': { N: '30' } }, 6],
  ['attribute_exists(absent)', {}, {}, 0],
  ['at <> :a AND pod > :p AND at <= :n', {}, { ':a': { N: '10' }, ':p': { S: 'web-0' }, ':n': { N: '20' } }, 2],
  ['at = :s', {}, { ':s': { S: '10' } }, 0]
]

for (const [FilterExpression, names, values, count] of filters) {
  await t.test(`Scan with ${FilterExpression} gives ${count}`, async t => {
    const { Items, ScannedCount } = await client.send(new ScanCommand({
      TableName: 'listed',
      FilterExpression,
      ...Object.keys(names).length > 0 && { ExpressionAttributeNames: names },
      ...Object.keys(values).length > 0 && { ExpressionAttributeValues: values }
    }))
    t.strictSame([Items?.length, ScannedCount], [count, 20])
  })
}

await t.test('pages of a scan hold each item once', async t => {
  const pages: number[] = []
  const found = new Set<string>()
  for await (const { Items = [] } of paginateScan({ client, pageSize: 7 }, { TableName: 'listed' })) {
    pages.push(Items.length)
    for (const { id, at } of Items) found.add(`${id?.S}/${at?.N}`)
  }
  t.strictSame([pages, found.size], [[7, 7, 6], 20])
})

await t.test('a query gives one hash key by its range, either way, in pages', async t => {
  const query = {
    TableName: arnOf('listed'),
    KeyConditionExpression: 'id = :id AND at > :at',
    ExpressionAttributeValues: { ':id': { S: 'x' }, ':at': { N: '40' } }
  }
  const found: string[] = []
  for await (const { Items = [] } of paginateQuery({ client, pageSize: 2 }, { ...query, ScanIndexForward: false })) {
    found.push(...Items.map(({ at }) => at!.N!))
  }
  t.strictSame(found, ['90', '80', '70', '60', '50'])
  t.match(await client.send(new QueryCommand({ ...query, Select: 'COUNT' })), { Count: 5, Items: undefined })
  await t.rejects(client.send(new QueryCommand({ ...query, KeyConditionExpression: 'at > :at AND pod = :id' })), { message: /missed key schema element: id/ })
  await t.rejects(client.send(new QueryCommand({ ...query, ExclusiveStartKey: { id: { S: 'x' } } })), { message: /starting key is invalid/ })
})

await t.test('a page has at most 1 MB', async t => {
  aws.createTable({ arn: arnOf('large'), hash: { name: 'id', type: 'S' } })
  for (const id of ['a', 'b', 'c', 'd']) await put({ TableName: 'large', Item: { id: { S: id }, text: { S: 'a'.repeat(350_000) } } })
  const { Items, LastEvaluatedKey } = await client.send(new ScanCommand({ TableName: 'large' }))
  t.equal(Items?.length, 3)
  t.ok(LastEvaluatedKey)
})

t.test('what the fake is to have must be sound', async t => {
  t.throws(() => { aws.createTable({ arn: arnOf('x'), hash: { name: 'id', type: 'S' } }) }, { message: /1 characters/ })
  t.throws(() => { aws.createTable({ arn: 'arn:aws:s3:::bucket', hash: { name: 'id', type: 'S' } }) }, { message: /S3/ })
  t.throws(() => aws.items(arnOf('absent')), { message: /no table/ })
})
