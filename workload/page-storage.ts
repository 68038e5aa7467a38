// Keeps the newest messages of a bucket in one page that all pods share: read, add, write if nobody wrote in between.
import { setTimeout as sleep } from 'node:timers/promises'
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { readBody } from './body.ts'
import type { Call } from './call.ts'
import { BrokenReply, nameOf, statusOf } from './faults.ts'
import { addEntry, formatPage, pageContentType, pageKey, parsePage, type PageEntry } from './page.ts'
import type { Storage } from './storage.ts'
import { noBucket, UnfitStorage } from './unfit-storage.ts'

export interface PageStorageOptions {
  client: S3Client
  bucket: string
  call: Call
  /** The most messages the page has. */
  cap: number
}

/** The page as it was read; an undefined etag when there was none. */
interface Seen {
  entries: PageEntry[]
  etag: string | undefined
  /** Why it could not be read. */
  refusal?: unknown
}

/** Ten thousand messages, each of them escaped to the last character. */
const maxPageBytes = 16 * 1024 * 1024

// Each time somebody wins, so that forty writers need at most forty times; waiting at random makes it far fewer.
const maxTries = 50

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export function createPageStorage ({ client, bucket, call, cap }: PageStorageOptions): Storage {
  const look = async (signal: AbortSignal): Promise<Seen> => {
    try {
      return await call(signal, async abortSignal => {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: pageKey }), { abortSignal })
        const text = await readBody(answer, maxPageBytes, abortSignal)
        if (answer.ETag === undefined) throw new BrokenReply('S3 answered without an ETag')
        return { entries: entriesOf(text, bucket), etag: answer.ETag }
      })
    } catch (error) {
      if (nameOf(error) === 'NoSuchBucket') throw noBucket(bucket)
      if (statusOf(error) === 404) return { entries: [], etag: undefined }
      // Without s3:ListBucket a page that is not there yet is forbidden: to make it shows which.
      if (statusOf(error) === 403) return { entries: [], etag: undefined, refusal: error }
      throw error
    }
  }

  /** Whether it was written; not, when somebody else wrote in between. */
  const write = async (entries: PageEntry[], { etag, refusal }: Seen, signal: AbortSignal): Promise<boolean> => {
    const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag }
    const page = { Key: pageKey, Body: formatPage(entries), ContentType: pageContentType }
    const command = new PutObjectCommand({ Bucket: bucket, ...page, ...condition })
    try {
      await call(signal, abortSignal => client.send(command, { abortSignal }))
      return true
    } catch (error) {
      if (!isContended(error)) throw error
      if (refusal !== undefined && statusOf(error) === 412) throw refusal
      return false
    }
  }

  return {
    async prepare (signal) {
      await look(signal)
    },
    async put (record, keyArn, signal) {
      for (let tries = 1; ; tries++) {
        const seen = await look(signal)
        const entries = addEntry(seen.entries, record, cap)
        // Written before and the reply was lost; or too old for a full page.
        if (entries.length === seen.entries.length && entries.every((entry, index) => entry.id === seen.entries[index]?.id)) return
        if (await write(entries, seen, signal)) return
        if (tries === maxTries) throw new BrokenReply(`${pageKey} was changed by others ${tries} times in a row`)
        await sleep(Math.random() * Math.min(1000, 10 * 2 ** tries), undefined, { signal })
      }
    }
  }
}

function entriesOf (text: string | undefined, bucket: string): PageEntry[] {
  const entries = text === undefined ? undefined : parsePage(text)
  if (entries !== undefined) return entries
  throw new UnfitStorage(`STORAGE_ARN: found the object "${pageKey}" in the bucket "${bucket}", which is no page of this program and is left as it is; expected another bucket, or STORAGE_LAYOUT=objects`)
}

/** 404: the page was deleted since it was read. */
function isContended (error: unknown): boolean {
  const status = statusOf(error)
  return status === 409 || status === 412 || (status === 404 && nameOf(error) !== 'NoSuchBucket')
}
