// Decides how a message is laid out in a table, from the key that the table has.
import type { AttributeValue, TableDescription } from '@aws-sdk/client-dynamodb'
import type { MessageRecord } from './record.ts'
import { UnfitStorage } from './unfit-storage.ts'

export interface TableKey {
  /** The hash key's name; its type is S. */
  hash: string
  range?: { name: string, type: 'S' | 'N' }
}

/** What a table is taken to have when it may not be looked at. */
export const assumedKey: TableKey = { hash: 'id' }

const expected = 'a hash key of type S, such as "id", and no range key or one of type S or N, such as "time"'

// As hash keys, whose value is the id, they would have no place for their own.
const attributes = ['time', 'namespace', 'pod', 'stream', 'message', 'keyArn']

/**
 * The key of a table as DescribeTable tells it.
 * @throws {UnfitStorage} when messages have no place under such a key
 */
export function keyOfTable (table: string, description: Pick<TableDescription, 'KeySchema' | 'AttributeDefinitions'> | undefined): TableKey {
  const unfit = (fault: string) => new UnfitStorage(`STORAGE_ARN: found the table "${table}", which has ${fault}; expected ${expected}`)
  const nameOf = (type: 'HASH' | 'RANGE') => description?.KeySchema?.find(element => element.KeyType === type)?.AttributeName
  const typeOf = (name: string) => description?.AttributeDefinitions?.find(definition => definition.AttributeName === name)?.AttributeType
  const hash = nameOf('HASH')
  if (hash === undefined) throw unfit('no hash key')
  if (typeOf(hash) !== 'S') throw unfit(`the hash key "${hash}" of type ${typeOf(hash)}`)
  if (attributes.includes(hash)) throw unfit(`the hash key "${hash}", the name of an attribute that messages have besides their id`)
  const range = nameOf('RANGE')
  if (range === undefined) return { hash }
  const type = typeOf(range)
  if (type === 'S' || (type === 'N' && (range === 'time' || !['id', ...attributes].includes(range)))) return { hash, range: { name: range, type } }
  throw unfit(`the range key "${range}" of type ${type}`)
}

/**
 * A message as an item. The hash key is the id. A range key is the attribute of its name where messages have one of type S; else
 * the time: RFC 3339 as S, milliseconds since the epoch as N.
 */
export function itemOf (record: MessageRecord, keyArn: string, { hash, range }: TableKey): Record<string, AttributeValue> {
  const { id, time, namespace, pod, stream, message } = record
  const plain: Record<string, AttributeValue> = {
    id: { S: id },
    time: { S: time },
    namespace: { S: namespace },
    pod: { S: pod },
    stream: { S: stream },
    message: { S: message },
    keyArn: { S: keyArn }
  }
  if (range?.type === 'N') plain[range.name] = { N: String(Date.parse(time)) }
  if (range?.type === 'S') plain[range.name] ??= { S: time }
  return { ...plain, [hash]: { S: id } }
}
