// Reads the messages that are lines of a bucket's page.
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { pageKey, parsePage } from '../page.ts'
import { AskError, ask } from './ask.ts'
import { timeOf } from './compare.ts'
import { isPodOf } from './pods.ts'
import type { Search } from './stored.ts'
import type { Bucket } from './stored-objects.ts'

/**
 * Hands over each message of the search. Gives the time of the oldest message, of anybody, when the page is full: it has
 * dropped older ones; else undefined.
 * @param cap at how many messages the page is cut off
 */
export async function readPage ({ client, bucket }: Bucket, search: Search, cap: number): Promise<number | undefined> {
  const arn = `${search.arn}/${pageKey}`
  const text = await ask({ operation: 'S3 GetObject', arn, right: 's3:GetObject' }, async () => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: pageKey }))
    return await Body?.transformToString() ?? ''
  }, ['NoSuchKey'])
  if (text === undefined) return undefined
  const entries = parsePage(text)
  if (entries === undefined) throw new AskError(`${arn} is no page of messages; expected the page that STORAGE_LAYOUT=page writes (else use --layout objects)`)
  const times = entries.map(({ id, time }) => timeOf(id, Date.parse(time) || 0))
  entries.forEach(({ id, namespace, pod, message }, i) => {
    if (namespace === search.namespace && isPodOf(search.name, pod)) search.found({ id, pod, time: times[i] ?? 0, message })
  })
  return entries.length < cap ? undefined : Math.min(...times)
}
