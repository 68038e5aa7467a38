// Reads the messages that are objects of a bucket: lists the keys, and reads the bodies of those that are this TopicTen's.
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { objectPrefix, parseRecord } from '../record.ts'
import { ask } from './ask.ts'
import type { StoredMessage } from './compare.ts'
import { type Bucket, readObjectText } from './object-text.ts'
import { forEachParallel } from './parallel.ts'
import { isPodOf } from './pods.ts'
import type { Search } from './search.ts'

/** Small objects: latency rules, and the SDK keeps at most 50 connections. */
const parallelReads = 16

// A message's body is small; one that is not is not read into memory.
const maxBody = 1024 * 1024

interface Key {
  key: string
  id: string
  pod: string
}

/** Hands over each message of the search. */
export async function readObjects (bucket: Bucket, search: Search): Promise<void> {
  await forEachParallel(ownKeys(bucket, search), parallelReads, async key => {
    const message = await readObject(bucket, key, search)
    if (message !== undefined) search.found(message)
  })
}

async function * ownKeys ({ client, bucket, arn }: Bucket, search: Search): AsyncGenerator<Key> {
  const prefix = objectPrefix(search.namespace)
  const start = search.since === undefined ? undefined : startKey(prefix, search.since)
  let token: string | undefined
  do {
    const page = await ask({ operation: 'S3 ListObjectsV2', arn, right: 's3:ListBucket' }, () => client.send(new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ...token !== undefined ? { ContinuationToken: token } : start !== undefined && { StartAfter: start }
    })))
    for (const { Key: key = '' } of page.Contents ?? []) {
      const parts = partsOf(key.slice(prefix.length))
      if (parts === undefined) search.foreign()
      else if (isPodOf(search.name, parts.pod)) yield { key, ...parts }
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}

/** The part of a key behind the prefix: `YYYY/MM/DD/ID.POD.json`. */
function partsOf (rest: string): { id: string, pod: string } | undefined {
  const [, id, pod] = /^\d{4}\/\d{2}\/\d{2}\/([^./]+)\.([^/]+)\.json$/.exec(rest) ?? []
  return id === undefined || pod === undefined ? undefined : { id, pod }
}

const dayMs = 86_400_000

/** A day early: a key's day and its id's time need not be read from the clock at once. */
function startKey (prefix: string, since: number): string {
  return `${prefix}${new Date(Math.max(0, since - dayMs)).toISOString().slice(0, 10).replaceAll('-', '/')}/`
}

async function readObject (bucket: Bucket, { key, id, pod }: Key, { namespace }: Search): Promise<StoredMessage | undefined> {
  const found = await readObjectText(bucket, key, maxBody)
  // Deleted since it was listed.
  if (found === undefined) return undefined
  const broken = (fault: string) => ({ id, pod, time: 0, message: '', fault })
  if (found === 'large') return broken('the object is too large for a message')
  const record = parseRecord(found.text)
  if (record === undefined) return broken('the object is no record of a message')
  const time = Date.parse(record.time)
  if (record.id !== id || record.pod !== pod || record.namespace !== namespace || Number.isNaN(time)) {
    return broken('the object\'s record is not of the id, pod and namespace in its key')
  }
  return { id, pod, time, message: record.message }
}
