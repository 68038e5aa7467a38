// The fake DynamoDB: PutItem, GetItem, DescribeTable, Scan and Query on tables named by name or ARN.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html
import { parseParts } from '../../api/arn.ts'
import { storageForm } from '../../api/storage-arn.ts'
import { parseTableArn } from '../../api/table-arn.ts'
import { Refusal } from './answer.ts'
import { parseExpressions, type ExpressionInput, type Test } from './dynamodb-expression.ts'
import { itemAt, judgeKeyOnly, judgeNewItem, keyAttributes, readPage, storeItem, type KeyAttribute, type Table } from './dynamodb-table.ts'
import { invalid, itemBytes, type Item } from './dynamodb-value.ts'
import { operation, type Call, type JsonService } from './json-service.ts'
import { soundArn } from './sound-arn.ts'

export interface TableOptions {
  arn: string
  hash: KeyAttribute
  range?: KeyAttribute
}

export interface TableStore {
  createTable (options: TableOptions): void
  table (arn: string): Table
  service: JsonService
}

interface PutInput extends ExpressionInput { TableName: string, Item: Item, ConditionExpression?: string, ReturnValues?: 'NONE' | 'ALL_OLD', ReturnValuesOnConditionCheckFailure?: 'NONE' | 'ALL_OLD' }
interface GetInput { TableName: string, Key: Item }
interface ScanInput extends ExpressionInput { TableName: string, FilterExpression?: string, ExclusiveStartKey?: Item, Limit?: number, Select?: 'ALL_ATTRIBUTES' | 'COUNT' }
interface QueryInput extends ScanInput { KeyConditionExpression: string, ScanIndexForward?: boolean }

const tableName = { type: 'string', minLength: 1, maxLength: 1024 }
const item = { type: 'object', additionalProperties: { type: 'object' } }
const names = { type: 'object', minProperties: 1, additionalProperties: { type: 'string' } }
const values = { ...item, minProperties: 1 }
const returned = { enum: ['NONE', 'ALL_OLD'] }
const common = { TableName: tableName, ReturnConsumedCapacity: { enum: ['NONE', 'TOTAL', 'INDEXES'] } }
const expressions = { ExpressionAttributeNames: names, ExpressionAttributeValues: values }
const pages = { ...common, ...expressions, FilterExpression: { type: 'string' }, ExclusiveStartKey: item, Limit: { type: 'integer', minimum: 1 }, Select: { enum: ['ALL_ATTRIBUTES', 'COUNT'] }, ConsistentRead: { type: 'boolean' } }

export function openDynamodb (): TableStore {
  const tables = new Map<string, Table>()
  const find = (name: string, call: Call) => findTable(name, call, tables)
  return {
    createTable ({ arn: text, hash, range }) {
      tables.set(text, { arn: soundArn(parseTable(text), text), hash, range, items: new Map() })
    },
    table (arn) {
      const table = tables.get(arn)
      if (table === undefined) throw new TypeError(`there is no table ${arn}`)
      return table
    },
    service: {
      name: 'dynamodb',
      target: 'DynamoDB_20120810',
      version: '1.0',
      invalid: 'ValidationException',
      operations: {
        PutItem: operation<PutInput>({ ...common, ...expressions, Item: item, ConditionExpression: { type: 'string' }, ReturnValues: returned, ReturnValuesOnConditionCheckFailure: returned },
          ['TableName', 'Item'], (input, call) => putItem(find(input.TableName, call), input)),
        GetItem: operation<GetInput>({ ...common, Key: item, ConsistentRead: { type: 'boolean' } }, ['TableName', 'Key'], ({ TableName, Key }, call) => getItem(find(TableName, call), Key)),
        DescribeTable: operation<{ TableName: string }>({ TableName: tableName }, ['TableName'], ({ TableName }, call) => ({ Table: describeTable(find(TableName, call)) })),
        Scan: operation<ScanInput>(pages, ['TableName'], (input, call) => scan(find(input.TableName, call), input)),
        Query: operation<QueryInput>({ ...pages, KeyConditionExpression: { type: 'string' }, ScanIndexForward: { type: 'boolean' } }, ['TableName', 'KeyConditionExpression'],
          (input, call) => query(find(input.TableName, call), input))
      }
    }
  }
}

function putItem (table: Table, input: PutInput): object {
  const [condition = () => true] = parseExpressions([input.ConditionExpression], input)
  judgeNewItem(table, input.Item)
  const old = itemAt(table, input.Item)
  if (!condition(old ?? {})) {
    throw new Refusal('ConditionalCheckFailedException', 400, 'The conditional request failed', { members: input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && old ? { Item: old } : {} })
  }
  storeItem(table, input.Item)
  return input.ReturnValues === 'ALL_OLD' && old ? { Attributes: old } : {}
}

function getItem (table: Table, key: Item): object {
  judgeKeyOnly(table, key, 'The provided key element does not match the schema')
  const item = itemAt(table, key)
  return item === undefined ? {} : { Item: item }
}

function scan (table: Table, input: ScanInput): object {
  const [filter = () => true] = parseExpressions([input.FilterExpression], input)
  return pageAnswer(table, input, () => true, filter, false)
}

function query (table: Table, input: QueryInput): object {
  const [keys = () => true, filter = () => true] = parseExpressions([input.KeyConditionExpression, input.FilterExpression], input)
  judgeKeyCondition(table, input)
  return pageAnswer(table, input, keys, filter, input.ScanIndexForward === false)
}

/** A query names one value of the hash key: `#id = :id`, alone or before AND. */
function judgeKeyCondition ({ hash }: Table, { KeyConditionExpression, ExpressionAttributeNames = {} }: QueryInput): void {
  const token = /(?:^|[\s(])([#\w]+)\s*=\s*:\w+/.exec(KeyConditionExpression)?.[1] ?? ''
  if ((ExpressionAttributeNames[token] ?? token) !== hash.name) throw invalid(`Query condition missed key schema element: ${hash.name}`)
}

function pageAnswer (table: Table, { ExclusiveStartKey, Limit, Select }: ScanInput, among: Test, filter: Test, backward: boolean): object {
  if (ExclusiveStartKey) judgeKeyOnly(table, ExclusiveStartKey, 'The provided starting key is invalid')
  const { items, last } = readPage(table, { among, startKey: ExclusiveStartKey, limit: Limit, backward })
  const found = items.filter(filter)
  return { ...Select !== 'COUNT' && { Items: found }, Count: found.length, ScannedCount: items.length, ...last && { LastEvaluatedKey: last } }
}

function describeTable (table: Table): object {
  const keys = keyAttributes(table)
  const items = [...table.items.values()]
  return {
    TableArn: table.arn.text,
    TableName: table.arn.name,
    TableStatus: 'ACTIVE',
    KeySchema: keys.map(({ name }) => ({ AttributeName: name, KeyType: name === table.hash.name ? 'HASH' : 'RANGE' })),
    AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    ItemCount: items.length,
    TableSizeBytes: items.reduce((sum, { item }) => sum + itemBytes(item), 0)
  }
}

/** A table by name or ARN, in the region of the call only, as in AWS. */
function findTable (name: string, { region }: Call, tables: Map<string, Table>): Table {
  const byArn = name.startsWith('arn:')
  if (byArn && !parseTable(name).ok) throw invalid(`Invalid table ARN: ${name}`)
  if (!byArn && !/^[a-zA-Z0-9_.-]{3,255}$/.test(name)) {
    throw invalid(`1 validation error detected: Value '${name}' at 'tableName' failed to satisfy constraint: Member must have 3 to 255 characters of [a-zA-Z0-9_.-]`)
  }
  const table = [...tables.values()].find(({ arn }) => arn.region === region && (byArn ? arn.text === name : arn.name === name))
  if (table === undefined) throw new Refusal('ResourceNotFoundException', 400, `Requested resource not found: Table: ${name} not found`)
  return table
}

function parseTable (text: string): ReturnType<typeof parseTableArn> {
  const found = parseParts(text, { ...storageForm, services: ['dynamodb'] })
  return found.ok ? parseTableArn(found.parts) : found
}
