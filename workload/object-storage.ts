// Keeps each message of a bucket as an object of its own: nothing is read or changed, so any number of pods may write.
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { Call } from './call.ts'
import { nameOf, statusOf } from './faults.ts'
import { readBody } from './body.ts'
import { formatRecord, objectKey } from './record.ts'
import type { Storage } from './storage.ts'
import { noBucket } from './unfit-storage.ts'

export interface ObjectStorageOptions {
  client: S3Client
  bucket: string
  call: Call
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export function createObjectStorage ({ client, bucket, call }: ObjectStorageOptions): Storage {
  /** Whether the object that is there already is the one to write: the reply to an earlier attempt may have been lost. */
  const isOurs = async (key: string, body: string, signal: AbortSignal): Promise<boolean> => {
    try {
      const found = await call(signal, async abortSignal =>
        readBody(await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal }), body.length * 4, abortSignal))
      return found === body
    } catch (error) {
      // Whoever may not read: a key with a random id of ours is ours.
      if (statusOf(error) === 403) return true
      throw error
    }
  }

  return {
    // A look at the bucket would take a permission that writing does not.
    async prepare () {},
    async put (record, keyArn, signal) {
      const key = objectKey(record)
      const body = formatRecord(record)
      const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json', IfNoneMatch: '*' })
      try {
        await call(signal, abortSignal => client.send(command, { abortSignal }))
      } catch (error) {
        if (nameOf(error) === 'NoSuchBucket') throw noBucket(bucket)
        if (statusOf(error) !== 412) throw error
        if (!await isOurs(key, body, signal)) throw new Error(`the object ${key} has another content`)
      }
    }
  }
}
