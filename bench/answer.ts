// Reads answers off a connection: HTTP/1.1 with a length or in chunks, as much of it as webhook servers use. Pure.
// https://www.rfc-editor.org/rfc/rfc9112

export interface Answer {
  status: number
  body: Buffer
  /** The server ends the connection after it. */
  last: boolean
}

const headEnd = Buffer.from('\r\n\r\n')

/** The one answer that `bytes` begin with; undefined while it is not complete. Throws when it is none that this can read. */
export function parseAnswer (bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf(headEnd)
  if (end < 0) return undefined
  const head = bytes.toString('latin1', 0, end)
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
  const from = end + headEnd.length
  const last = /^connection: close/im.test(head)
  const length = /^content-length: *(\d+)/im.exec(head)?.[1]
  if (length !== undefined) {
    const to = from + Number(length)
    return bytes.length < to ? undefined : { status, body: bytes.subarray(from, to), last }
  }
  if (!/^transfer-encoding: *chunked/im.test(head)) throw new Error(`an answer without a length and not in chunks: ${head.slice(0, 200)}`)
  const body = unchunked(bytes, from)
  return body && { status, body, last }
}

function unchunked (bytes: Buffer, from: number): Buffer | undefined {
  const parts: Buffer[] = []
  for (let at = from; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) return undefined
    if (size === 0) return Buffer.concat(parts)
    parts.push(bytes.subarray(lineEnd + 2, next - 2))
    at = next
  }
}
