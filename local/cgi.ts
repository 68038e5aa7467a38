// Turns what a CGI program prints into the answer to an HTTP request (RFC 3875, section 6).
import type { ChildProcessByStdio } from 'node:child_process'
import type { ServerResponse } from 'node:http'
import type { Readable, Writable } from 'node:stream'

const endOfHead = '\r\n\r\n'

/** Answers with what `child` prints: its head, then its body as it comes; with 500 when it ends without a head. */
export function answerAsCgi (child: ChildProcessByStdio<Writable, Readable, null>, response: ServerResponse): void {
  let head = Buffer.alloc(0)
  const fail = () => {
    if (!response.headersSent) response.writeHead(500)
    response.end()
  }
  child.on('error', fail)
  child.stdout.on('data', function read (chunk: Buffer) {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf(endOfHead)
    if (end < 0) return
    child.stdout.off('data', read)
    const { status, headers } = parseHead(head.toString('latin1', 0, end))
    response.writeHead(status, headers)
    response.write(head.subarray(end + endOfHead.length))
    child.stdout.pipe(response)
  })
  child.stdout.on('end', () => { if (!response.headersSent) fail() })
}

/** `Status: 404 Not Found` gives the code, which is 200 without it; the other lines are headers. */
export function parseHead (head: string): { status: number, headers: Record<string, string> } {
  const lines = head.split('\r\n').map(line => {
    const [name = '', ...value] = line.split(':')
    return [name.trim().toLowerCase(), value.join(':').trim()] as const
  })
  const { status = '200', ...headers } = Object.fromEntries(lines)
  return { status: Number.parseInt(status, 10), headers }
}
