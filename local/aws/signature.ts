// Verifies a request's Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac } from 'node:crypto'
import { headerOf, type AwsRequest } from './request.ts'

/** What an Authorization header says; the middle of its credential is the scope it was signed for. */
export interface Authorization {
  accessKeyId: string
  /** YYYYMMDD */
  date: string
  region: string
  service: string
  signedHeaders: string[]
  signature: string
}

const form = new RegExp('^AWS4-HMAC-SHA256 +Credential=(?<accessKeyId>[^/ ,]+)/(?<date>[0-9]{8})/(?<region>[^/ ,]+)/(?<service>[^/ ,]+)/aws4_request, *' +
  'SignedHeaders=(?<signedHeaders>[^ ,]+), *Signature=(?<signature>[0-9a-f]{64})$')

/** Takes an Authorization header apart; undefined when it is no Signature Version 4. */
export function parseAuthorization (header: string): Authorization | undefined {
  const groups = form.exec(header)?.groups
  if (groups === undefined) return undefined
  const { accessKeyId = '', date = '', region = '', service = '', signedHeaders = '', signature = '' } = groups
  return { accessKeyId, date, region, service, signedHeaders: signedHeaders.split(';'), signature }
}

/** True when `secret` signed this request: all that was signed arrived as it was, and all that must be signed is. */
export function isSigned (request: AwsRequest, authorization: Authorization, secret: string): boolean {
  const { date, region, service, signedHeaders, signature } = authorization
  const mustBeSigned = ['host', ...Object.keys(request.headers).filter(name => name.startsWith('x-amz-'))]
  if (!mustBeSigned.every(name => signedHeaders.includes(name))) return false
  const scope = `${date}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', headerOf(request, 'x-amz-date'), scope, sha256(canonicalRequest(request, signedHeaders, service))].join('\n')
  return hmac(signingKey(secret, scope), text).toString('hex') === signature
}

/** True when the body is the one whose hash was signed, or was deliberately left unsigned. */
export function isBodySigned (request: AwsRequest): boolean {
  const hash = headerOf(request, 'x-amz-content-sha256')
  return hash === '' || hash === 'UNSIGNED-PAYLOAD' || hash.startsWith('STREAMING-') || hash === sha256(request.body)
}

// One key serves all requests of a day, a region and a service.
const signingKeys = new Map<string, Buffer>()

function signingKey (secret: string, scope: string): Buffer {
  const name = `${secret}/${scope}`
  const key = signingKeys.get(name) ?? scope.split('/').reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`))
  signingKeys.set(name, key)
  return key
}

function canonicalRequest (request: AwsRequest, signedHeaders: string[], service: string): string {
  const path = service === 's3' ? request.path : request.path.split('/').map(encode).join('/')
  const query = request.query.map(([name, value]) => `${encode(name)}=${encode(value)}`).sort()
  const headers = signedHeaders.map(name => `${name}:${headerOf(request, name).trim().replace(/ +/g, ' ')}\n`)
  const hash = headerOf(request, 'x-amz-content-sha256') || sha256(request.body)
  return [request.method, path, query.join('&'), headers.join(''), signedHeaders.join(';'), hash].join('\n')
}

function encode (text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

function sha256 (content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function hmac (key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
