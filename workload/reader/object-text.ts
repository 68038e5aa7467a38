// Reads one object of a bucket as text, however large and whether it is there or not.
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { readBody } from '../body.ts'
import { ask } from './ask.ts'

export interface Bucket {
  client: S3Client
  bucket: string
  /** For messages to people. */
  arn: string
}

/** A body that comes slowly is not waited for much longer than an answer. */
const bodyTimeoutMs = 30_000

/**
 * Gives undefined when there is no such object, and `large` when it has more than `maxBytes`.
 * @throws {AskError}
 */
export async function readObjectText ({ client, bucket, arn }: Bucket, key: string, maxBytes: number): Promise<{ text: string } | 'large' | undefined> {
  return await ask({ operation: 'S3 GetObject', arn: `${arn}/${key}`, right: 's3:GetObject' }, async () => {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    const text = await readBody(answer, maxBytes, AbortSignal.timeout(bodyTimeoutMs))
    return text === undefined ? 'large' : { text }
  }, ['NoSuchKey'])
}
