// Reads the body of an object as text, within a bound and for as long as it is wanted.
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { BrokenReply } from './faults.ts'

/**
 * The text of an object; undefined when it has more than `maxBytes`.
 * @throws {BrokenReply} when the answer has no body
 */
export async function readBody (answer: GetObjectCommandOutput, maxBytes: number, signal: AbortSignal): Promise<string | undefined> {
  const { Body: body, ContentLength: length } = answer
  if (body === undefined) throw new BrokenReply('S3 answered without a body')
  const drop = (): void => { if ('destroy' in body) body.destroy() }
  if ((length ?? 0) > maxBytes) {
    drop()
    return undefined
  }
  signal.addEventListener('abort', drop, { once: true })
  try {
    return await body.transformToString('utf-8')
  } finally {
    signal.removeEventListener('abort', drop)
  }
}
