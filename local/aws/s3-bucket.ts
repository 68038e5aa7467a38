// One bucket and the three things done to its objects: put on conditions, get, list.
import { createHash } from 'node:crypto'
import { Refusal } from './answer.ts'
import type { Checksum } from './s3-body.ts'

export interface StoredObject {
  content: Buffer
  contentType: string
  /** With its quotation marks. */
  etag: string
  /** Milliseconds since 1970. */
  lastModified: number
  checksum?: Checksum | undefined
}

export interface Bucket {
  name: string
  region: string
  /** Twelve digits. */
  owner: string
  /** Without s3:ListBucket a missing key reads as forbidden. */
  mayList: boolean
  objects: Map<string, StoredObject>
}

export interface PutConditions { ifMatch: string | undefined, ifNoneMatch: string | undefined }

const maxKeyBytes = 1024

/** Stores one object. Throws Refusal when a condition is false: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export function putObject (bucket: Bucket, key: string, object: Omit<StoredObject, 'etag'>, conditions: PutConditions): StoredObject {
  judgeKey(key)
  judgeConditions(bucket.objects.get(key), key, conditions)
  const stored = { ...object, etag: `"${createHash('md5').update(object.content).digest('hex')}"` }
  bucket.objects.set(key, stored)
  return stored
}

/** Throws Refusal when there is no such object, or none that may be known of. */
export function getObject (bucket: Bucket, key: string): StoredObject {
  judgeKey(key)
  const object = bucket.objects.get(key)
  if (object !== undefined) return object
  throw bucket.mayList ? noSuchKey(key) : new Refusal('AccessDenied', 403, 'Access Denied')
}

export interface ListOptions { prefix: string, startAfter: string, maxKeys: number }
export interface Listing { objects: (readonly [key: string, object: StoredObject])[], truncated: boolean }

/** Keys in the order of their UTF-8 bytes. */
export function listObjects (bucket: Bucket, { prefix, startAfter, maxKeys }: ListOptions): Listing {
  if (!bucket.mayList) throw new Refusal('AccessDenied', 403, 'Access Denied')
  const found = [...bucket.objects].filter(([key]) => key.startsWith(prefix) && compareBytes(key, startAfter) > 0)
    .sort(([a], [b]) => compareBytes(a, b))
  return { objects: found.slice(0, maxKeys), truncated: maxKeys > 0 && found.length > maxKeys }
}

function judgeConditions (existing: StoredObject | undefined, key: string, { ifMatch, ifNoneMatch }: PutConditions): void {
  if (ifNoneMatch !== undefined) {
    if (ifMatch !== undefined) throw notImplemented('If-Match together with If-None-Match')
    if (ifNoneMatch !== '*') throw notImplemented(`If-None-Match: ${ifNoneMatch} on a write`)
    if (existing !== undefined) throw preconditionFailed('If-None-Match')
  }
  if (ifMatch !== undefined) judgeMatch(existing, key, ifMatch)
}

function judgeMatch (existing: StoredObject | undefined, key: string, ifMatch: string): void {
  if (ifMatch === '*') throw notImplemented('If-Match: * on a write')
  if (existing === undefined) throw noSuchKey(key)
  if (existing.etag.replaceAll('"', '') !== ifMatch.replaceAll('"', '')) throw preconditionFailed('If-Match')
}

function judgeKey (key: string): void {
  if (Buffer.byteLength(key) > maxKeyBytes) throw new Refusal('KeyTooLongError', 400, 'Your key is too long', { members: { Size: Buffer.byteLength(key), MaxSizeAllowed: maxKeyBytes } })
}

export function preconditionFailed (condition: string): Refusal {
  return new Refusal('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold', { members: { Condition: condition } })
}

export function notImplemented (what: string): Refusal {
  return new Refusal('NotImplemented', 501, `A header or parameter you provided implies functionality that is not implemented: ${what}.`)
}

function noSuchKey (key: string): Refusal {
  return new Refusal('NoSuchKey', 404, 'The specified key does not exist.', { members: { Key: key } })
}

function compareBytes (a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
