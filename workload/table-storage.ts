// Keeps each message as an item of a table, under the names that the table's key has.
import { DescribeTableCommand, PutItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Call } from './call.ts'
import { judgeError, nameOf } from './faults.ts'
import type { Storage } from './storage.ts'
import { assumedKey, itemOf, keyOfTable, type TableKey } from './table-key.ts'
import { UnfitStorage } from './unfit-storage.ts'

export interface TableStorageOptions {
  client: DynamoDBClient
  /** Its ARN, which the API takes for the name. */
  table: string
  call: Call
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html */
export function createTableStorage ({ client, table, call }: TableStorageOptions): Storage {
  let known: TableKey | undefined

  const learnKey = async (signal: AbortSignal): Promise<TableKey> => {
    if (known !== undefined) return known
    try {
      const command = new DescribeTableCommand({ TableName: table })
      const answer = await call(signal, abortSignal => client.send(command, { abortSignal }))
      known = keyOfTable(table, answer.Table)
    } catch (error) {
      if (nameOf(error) === 'ResourceNotFoundException') {
        throw new UnfitStorage(`STORAGE_ARN: found the table "${table}", which does not exist; expected the ARN of a table that does`)
      }
      // Looking is a permission that writing does not need.
      if (nameOf(error) !== 'AccessDeniedException') throw error
      known = assumedKey
    }
    return known
  }

  return {
    async prepare (signal) {
      await learnKey(signal)
    },
    async put (record, keyArn, signal) {
      const key = await learnKey(signal)
      const item = itemOf(record, keyArn, key)
      const command = new PutItemCommand({
        TableName: table,
        Item: item,
        ConditionExpression: 'attribute_not_exists(#hash)',
        ExpressionAttributeNames: { '#hash': key.hash },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD'
      })
      try {
        await call(signal, abortSignal => client.send(command, { abortSignal }))
      } catch (error) {
        if (nameOf(error) !== 'ConditionalCheckFailedException') throw error
        if (!isSame(item, oldItem(error))) throw new Error(`the item ${record.id} is there with another content: ${judgeError(error).words}`)
      }
    }
  }
}

type Item = Record<string, AttributeValue>

function oldItem (error: unknown): Item | undefined {
  return error instanceof Error && 'Item' in error ? error.Item as Item | undefined : undefined
}

/** The reply to an earlier attempt may have been lost. Where the old item is not told, its random id says enough. */
function isSame (item: Item, old: Item | undefined): boolean {
  return old === undefined || Object.entries(item).every(([name, value]) => value.S === old[name]?.S)
}
