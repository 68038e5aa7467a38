// Reads the messages that are items of a table. Its key is the message's id, so there is no shorter way than a scan.
import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { ask } from './ask.ts'
import type { StoredMessage } from './compare.ts'
import { isPodOf, podPrefix } from './pods.ts'
import type { Search } from './search.ts'

export interface Table {
  client: DynamoDBClient
  /** Its ARN. */
  table: string
}

type Item = Record<string, AttributeValue>

/** Hands over each message of the search. The table filters, so that only this TopicTen's items travel. */
export async function readItems ({ client, table }: Table, search: Search): Promise<void> {
  let start: Item | undefined
  do {
    const page = await ask({ operation: 'DynamoDB Scan', arn: table, right: 'dynamodb:Scan' }, () => client.send(new ScanCommand({
      TableName: table,
      ConsistentRead: true,
      // NAMESPACE is a reserved word.
      ExpressionAttributeNames: { '#namespace': 'namespace', '#pod': 'pod' },
      ExpressionAttributeValues: { ':namespace': { S: search.namespace }, ':pod': { S: podPrefix(search.name) } },
      FilterExpression: '#namespace = :namespace AND begins_with(#pod, :pod)',
      ...start !== undefined && { ExclusiveStartKey: start }
    })))
    for (const item of page.Items ?? []) handOver(item, search)
    start = page.LastEvaluatedKey
  } while (start !== undefined)
}

function handOver (item: Item, search: Search): void {
  const pod = item['pod']?.S ?? ''
  if (!isPodOf(search.name, pod)) return
  const message = messageOf(item, pod)
  if (message === undefined) search.foreign()
  else search.found(message)
}

function messageOf ({ id, time, message }: Item, pod: string): StoredMessage | undefined {
  if (id?.S === undefined) return undefined
  const found = { id: id.S, pod, time: instantOf(time) }
  if (message?.S === undefined) return { ...found, message: '', fault: 'the item has no text "message"' }
  return { ...found, message: message.S }
}

/** RFC 3339 as text, or epoch milliseconds as a number where the key wants one; 0 for anything else. */
function instantOf (time: AttributeValue | undefined): number {
  const at = time?.S === undefined ? Number(time?.N) : Date.parse(time.S)
  return Number.isFinite(at) ? at : 0
}
