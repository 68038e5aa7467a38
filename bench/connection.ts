// One keep-alive HTTPS connection that sends prepared requests, as cheaply as can be: what measures must not be slower than what is
// measured. A TLS client without a client's comforts.
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { type Answer, parseAnswer } from './answer.ts'
import { type Review, uidPlaceholder } from './reviews.ts'

export interface Connection {
  /** The uid of the request in hand. */
  readonly uid: Buffer
  /** Sends the review under a uid of its own; `onAnswer` tells the answer, or why there is none. One at a time. */
  send (onAnswer: (answer: Answer | Error) => void): void
  close (): void
}

export interface Target {
  port: number
  path: string
}

let sequence = Math.floor(Math.random() * 2 ** 40)

/** Resolves when the handshake is done, rejects when it fails. A connection that ended is opened anew by the next `send`. */
export async function openConnection (target: Target, review: Review): Promise<Connection> {
  const { request, uid } = requestOf(target, review)
  let waiting: ((answer: Answer | Error) => void) | undefined
  let pending: Buffer | undefined
  let socket = open()

  function open (): TLSSocket {
    // The certificate is of the harness's own making or the peer's.
    const opened = connect({ port: target.port, host: '127.0.0.1', ALPNProtocols: ['http/1.1'], rejectUnauthorized: false, minVersion: 'TLSv1.3' })
    opened.setNoDelay(true)
    opened.on('data', take)
    opened.on('error', end).on('close', () => { if (opened === socket) end(new Error('the connection was closed')) })
    return opened
  }

  function take (bytes: Buffer): void {
    pending = pending === undefined ? bytes : Buffer.concat([pending, bytes])
    try {
      const answer = parseAnswer(pending)
      if (answer === undefined) return
      pending = undefined
      if (answer.last) socket.end()
      finish(answer)
    } catch (error) {
      end(error as Error)
    }
  }

  function end (error: Error): void {
    pending = undefined
    socket.destroy()
    finish(error)
  }

  function finish (answer: Answer | Error): void {
    const told = waiting
    waiting = undefined
    told?.(answer)
  }

  await once(socket, 'secureConnect')
  return {
    uid,
    send (onAnswer) {
      waiting = onAnswer
      uid.write((sequence++).toString(16).padStart(12, '0'), uid.length - 12, 'latin1')
      if (socket.writableEnded || socket.destroyed) socket = open()
      socket.write(request)
    },
    close () {
      waiting = undefined
      socket.destroy()
    }
  }
}

/** The head as kube-apiserver writes it; `uid` is a window into the request. */
function requestOf ({ port, path }: Target, { body, uidAt }: Review): { request: Buffer, uid: Buffer } {
  const head = Buffer.from([
    `POST ${path}?timeout=10s HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'User-Agent: kube-apiserver-admission', `Content-Length: ${body.length}`,
    'Accept: application/json, */*', 'Content-Type: application/json', '', ''
  ].join('\r\n'))
  const request = Buffer.concat([head, body])
  const from = head.length + uidAt
  return { request, uid: request.subarray(from, from + uidPlaceholder.length) }
}
