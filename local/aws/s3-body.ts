// The body of an S3 upload: aws-chunked taken apart, checksums verified.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Refusal } from './answer.ts'
import { headerOf, type AwsRequest } from './request.ts'

/** A checksum that came with the body and goes out with it again: the header's name and its value in base64. */
export interface Checksum { name: string, value: string }

export interface Upload { content: Buffer, checksum: Checksum | undefined }

const checksums: Record<string, (content: Buffer) => Buffer> = {
  'x-amz-checksum-crc32': content => {
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(content))
    return sum
  },
  'x-amz-checksum-sha1': content => createHash('sha1').update(content).digest(),
  'x-amz-checksum-sha256': content => createHash('sha256').update(content).digest()
}

/** The content that was uploaded. Throws Refusal when it is not what its length, digest or checksum says. */
export function readUpload (request: AwsRequest): Upload {
  const chunked = headerOf(request, 'content-encoding').includes('aws-chunked')
  const { content, trailers } = chunked ? readChunks(request) : { content: request.body, trailers: new Map<string, string>() }
  const md5 = headerOf(request, 'content-md5')
  if (md5 !== '' && md5 !== createHash('md5').update(content).digest('base64')) throw new Refusal('BadDigest', 400, 'The Content-MD5 you specified did not match what we received.')
  return { content, checksum: verifyChecksum(request, trailers, content) }
}

function verifyChecksum (request: AwsRequest, trailers: Map<string, string>, content: Buffer): Checksum | undefined {
  const sent = [...Object.entries(request.headers), ...trailers].find(([name]) => /^x-amz-checksum-(?!algorithm|mode|type)/.test(name))
  if (sent === undefined) return undefined
  const [name, value] = [sent[0], String(sent[1])]
  const sum = checksums[name]
  if (sum === undefined) throw new Refusal('NotImplemented', 501, `The fake AWS does not know ${name}.`)
  if (sum(content).toString('base64') !== value) throw new Refusal('BadDigest', 400, `The ${name} you specified did not match the calculated checksum.`)
  return { name, value }
}

/** Chunks are `SIZE-IN-HEX[;chunk-signature=…]CRLF`, bytes, CRLF; the last has size 0 and the trailers behind it. */
function readChunks (request: AwsRequest): { content: Buffer, trailers: Map<string, string> } {
  const parts: Buffer[] = []
  let rest = request.body
  for (;;) {
    const end = rest.indexOf('\r\n')
    const size = /^([0-9a-f]{1,8})(;.*)?$/i.exec(rest.subarray(0, Math.max(end, 0)).toString('latin1'))?.[1]
    if (size === undefined) throw incomplete()
    const start = end + 2
    const length = parseInt(size, 16)
    if (length === 0) return { content: whole(parts, request), trailers: readTrailers(rest.subarray(start)) }
    if (rest.subarray(start + length, start + length + 2).toString('latin1') !== '\r\n') throw incomplete()
    parts.push(rest.subarray(start, start + length))
    rest = rest.subarray(start + length + 2)
  }
}

function whole (parts: Buffer[], request: AwsRequest): Buffer {
  const content = Buffer.concat(parts)
  if (String(content.length) !== headerOf(request, 'x-amz-decoded-content-length')) throw incomplete()
  return content
}

function readTrailers (rest: Buffer): Map<string, string> {
  return new Map(rest.toString('latin1').split('\r\n').filter(line => line !== '').map(line => {
    const [name = '', value = ''] = line.split(/:(.*)/s, 2)
    return [name.toLowerCase(), value.trim()] as const
  }))
}

function incomplete (): Refusal {
  return new Refusal('IncompleteBody', 400, 'You did not provide the number of bytes specified by the x-amz-decoded-content-length header.')
}
