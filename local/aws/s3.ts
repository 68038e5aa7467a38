// The fake S3: PutObject, GetObject, HeadObject and ListObjectsV2, path style and virtual host.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
import { parseBucketArn } from '../../api/bucket-arn.ts'
import { partitionOfRegion } from '../../api/region.ts'
import { type Answer, Refusal } from './answer.ts'
import type { Call } from './json-service.ts'
import { type AwsRequest, headerOf, parameterOf } from './request.ts'
import { readUpload } from './s3-body.ts'
import { type Bucket, type StoredObject, getObject, listObjects, notImplemented, preconditionFailed, putObject } from './s3-bucket.ts'
import { soundArn } from './sound-arn.ts'
import { type XmlElement, formatXml } from './xml.ts'

export interface BucketOptions {
  name: string
  region: string
  /** Default 123456789012. */
  owner?: string
  /** Whether the caller has s3:ListBucket; default true. */
  mayList?: boolean
}

export interface BucketStore {
  createBucket (options: BucketOptions): void
  bucket (name: string): Bucket
  answer (request: AwsRequest, operation: S3Operation, call: Call): Answer
}

export type S3Operation = 'PutObject' | 'GetObject' | 'HeadObject' | 'ListObjectsV2' | 'Unknown'

export const defaultAccount = '123456789012'

/** Which bucket and key a request means; a host name before the endpoint's is the bucket. */
export function addressOf (request: AwsRequest): { bucket: string, key: string } {
  const host = /^(.+)\.(?:localhost|s3[.-].+)$/.exec(headerOf(request, 'host').replace(/:\d+$/, ''))?.[1]
  const path = decodeURIComponent(request.path.slice(1))
  if (host !== undefined) return { bucket: host, key: path }
  const [bucket = '', key = ''] = path.split(/\/(.*)/s, 2)
  return { bucket, key }
}

export function operationOf (request: AwsRequest): S3Operation {
  const { key } = addressOf(request)
  if (key === '') return request.method === 'GET' && parameterOf(request, 'list-type') === '2' ? 'ListObjectsV2' : 'Unknown'
  const operations: Record<string, S3Operation> = { PUT: 'PutObject', GET: 'GetObject', HEAD: 'HeadObject' }
  // Any other parameter makes another operation of it (an ACL, tags, a part of an upload).
  return request.query.some(([name]) => name !== 'x-id') ? 'Unknown' : operations[request.method] ?? 'Unknown'
}

export function openS3 (): BucketStore {
  const buckets = new Map<string, Bucket>()
  return {
    createBucket ({ name, region, owner = defaultAccount, mayList = true }) {
      soundBucket(name, region)
      buckets.set(name, { name, region, owner, mayList, objects: new Map() })
    },
    bucket (name) {
      const bucket = buckets.get(name)
      if (bucket === undefined) throw new TypeError(`there is no bucket ${name}`)
      return bucket
    },
    answer (request, operation, call) {
      const { bucket: name, key } = addressOf(request)
      const bucket = enter(buckets, name, request, call)
      if (operation === 'Unknown') throw notImplemented(`${request.method} with ${request.query.map(([name]) => name).join(', ') || 'no parameters'}`)
      return operation === 'PutObject' ? put(bucket, key, request, call) : operation === 'ListObjectsV2' ? list(bucket, request) : get(bucket, key, request)
    }
  }
}

export function refuseS3 (request: AwsRequest, { code, status, message, headers, members }: Refusal): Answer {
  const content = [['Code', code], ['Message', message], ...Object.entries(members).map(([name, value]): XmlElement => [name, String(value)])] as const
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body: request.method === 'HEAD' ? '' : formatXml('Error', content) }
}

/** The bucket of a request that may go in: of this name and owner, in the region that the request was signed for. */
function enter (buckets: Map<string, Bucket>, name: string, request: AwsRequest, { region }: Call): Bucket {
  const sound = judgeBucketName(name, partitionOfRegion(region) ?? 'aws')
  if (!sound) throw new Refusal('InvalidBucketName', 400, 'The specified bucket is not valid.', { members: { BucketName: name } })
  const bucket = buckets.get(name)
  if (bucket === undefined || partitionOfRegion(bucket.region) !== partitionOfRegion(region)) throw new Refusal('NoSuchBucket', 404, 'The specified bucket does not exist', { members: { BucketName: name } })
  if (bucket.region !== region) {
    throw new Refusal('PermanentRedirect', 301, 'The bucket you are attempting to access must be addressed using the specified endpoint.',
      { headers: { 'x-amz-bucket-region': bucket.region }, members: { Bucket: name, Endpoint: `${name}.s3.${bucket.region}.amazonaws.com` } })
  }
  const owner = headerOf(request, 'x-amz-expected-bucket-owner')
  if (owner !== '' && owner !== bucket.owner) throw new Refusal('AccessDenied', 403, 'Access Denied')
  return bucket
}

function put (bucket: Bucket, key: string, request: AwsRequest, { now }: Call): Answer {
  const { content, checksum } = readUpload(request)
  const contentType = headerOf(request, 'content-type') || 'binary/octet-stream'
  const conditions = { ifMatch: request.headers['if-match'], ifNoneMatch: request.headers['if-none-match'] }
  const { etag } = putObject(bucket, key, { content, contentType, lastModified: now, checksum }, conditions)
  return { status: 200, headers: { etag, ...checksum && { [checksum.name]: checksum.value } }, body: '' }
}

function get (bucket: Bucket, key: string, request: AwsRequest): Answer {
  const object = getObject(bucket, key)
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch, range } = request.headers
  if (range !== undefined) throw notImplemented('Range')
  if (ifMatch !== undefined && ifMatch !== object.etag) throw preconditionFailed('If-Match')
  if (ifNoneMatch === object.etag) return { status: 304, headers: { etag: object.etag }, body: '' }
  return { status: 200, headers: objectHeaders(object, request), body: request.method === 'HEAD' ? '' : object.content }
}

function objectHeaders ({ content, contentType, etag, lastModified, checksum }: StoredObject, request: AwsRequest): Record<string, string> {
  const asked = headerOf(request, 'x-amz-checksum-mode') === 'ENABLED'
  return {
    etag,
    'content-type': contentType,
    'content-length': String(content.length),
    'last-modified': new Date(lastModified).toUTCString(),
    ...asked && checksum && { [checksum.name]: checksum.value, 'x-amz-checksum-type': 'FULL_OBJECT' }
  }
}

const listParameters = ['list-type', 'prefix', 'max-keys', 'continuation-token', 'start-after', 'encoding-type', 'x-id']

function list (bucket: Bucket, request: AwsRequest): Answer {
  const stranger = request.query.find(([name]) => !listParameters.includes(name))?.[0]
  if (stranger !== undefined) throw notImplemented(stranger)
  const prefix = parameterOf(request, 'prefix') ?? ''
  const maxKeys = maxKeysOf(request)
  const token = parameterOf(request, 'continuation-token')
  const startAfter = token === undefined ? parameterOf(request, 'start-after') ?? '' : Buffer.from(token, 'base64url').toString()
  const { objects, truncated } = listObjects(bucket, { prefix, startAfter, maxKeys })
  const encode = parameterOf(request, 'encoding-type') === 'url' ? encodeURIComponent : (key: string) => key
  const last = objects.at(-1)?.[0] ?? ''
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: formatXml('ListBucketResult', [
      ['Name', bucket.name],
      ['Prefix', encode(prefix)],
      ['KeyCount', objects.length],
      ['MaxKeys', maxKeys],
      ['IsTruncated', truncated],
      ['NextContinuationToken', truncated ? Buffer.from(last).toString('base64url') : undefined],
      ...objects.map(([key, { etag, content, lastModified }]): XmlElement => ['Contents', [
        ['Key', encode(key)], ['LastModified', new Date(lastModified).toISOString()], ['ETag', etag], ['Size', content.length], ['StorageClass', 'STANDARD']
      ]])
    ], 'http://s3.amazonaws.com/doc/2006-03-01/')
  }
}

function maxKeysOf (request: AwsRequest): number {
  const text = parameterOf(request, 'max-keys') ?? '1000'
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2 ** 31 - 1) throw new Refusal('InvalidArgument', 400, 'Provided max-keys not an integer or within integer range')
  return Math.min(Number(text), 1000)
}

function judgeBucketName (name: string, partition: string): boolean {
  return bucketArn(name, partition).ok
}

function soundBucket (name: string, region: string): void {
  const partition = partitionOfRegion(region)
  if (partition === undefined) throw new TypeError(`${region} is no region`)
  const parsed = bucketArn(name, partition)
  soundArn(parsed, `arn:${partition}:s3:::${name}`)
}

function bucketArn (name: string, partition: string): ReturnType<typeof parseBucketArn> {
  return parseBucketArn({ text: `arn:${partition}:s3:::${name}`, partition, service: 's3', region: '', account: '', resource: name })
}
