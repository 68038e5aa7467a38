// One watch request as a stream of lines: notices silence, gives up on the first fault. Who resumes it is the reflector.
import type { Dispatcher } from 'undici'
import { apiErrorFrom } from './errors.ts'
import { connectionErrorFrom, deadlineError, headOf, textOf } from './exchange.ts'
import type { Answer, Message } from './exchange.ts'
import { createLineSplitter } from './lines.ts'

/** As the API server sends it; an `ERROR` is thrown as an ApiError instead. */
export interface WatchEvent<T = unknown> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  object: T
}

export interface WatchOptions {
  signal: AbortSignal
  /** Longest silence, in milliseconds. */
  idleTimeoutMs: number
}

export interface StreamOptions {
  /** Longest wait for the answer's head, in milliseconds. */
  timeoutMs: number
  idleTimeoutMs: number
  onHead: (status: number) => void
}

/** What a request has brought and nobody has taken yet. */
interface Inbox {
  lines: Buffer[]
  over: boolean
  failure?: Error
  wake: () => void
}

/**
 * Yields the lines of a stream until it ends or the message's signal aborts. Throws an ApiError for a status other than 2xx, and a
 * ConnectionError for a reset or a silence. Leaving the loop ends the request. The caller has to keep up: what it does not take
 * stays in memory.
 */
export async function * streamLines (pool: Dispatcher, message: Message, options: StreamOptions): AsyncGenerator<Buffer, void, void> {
  const inbox: Inbox = { lines: [], over: false, wake: () => {} }
  const close = open(pool, message, options, inbox)
  try {
    while (true) {
      const lines = inbox.lines
      inbox.lines = []
      yield * lines
      if (inbox.lines.length > 0) continue
      if (inbox.failure !== undefined) throw inbox.failure
      if (inbox.over) return
      await new Promise<void>(resolve => { inbox.wake = resolve })
    }
  } finally {
    close()
  }
}

function open (pool: Dispatcher, message: Message, { timeoutMs, idleTimeoutMs, onHead }: StreamOptions, inbox: Inbox): () => void {
  const { signal } = message
  const split = createLineSplitter()
  let controller: Dispatcher.DispatchController | undefined
  let head: Omit<Answer, 'body'> | undefined
  const refusal: Buffer[] = []

  const finish = (failure?: Error): void => {
    if (inbox.over) return
    inbox.over = true
    if (failure !== undefined) inbox.failure = failure
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    controller?.abort(failure ?? new Error('closed'))
    inbox.wake()
  }
  const onAbort = (): void => { finish() }
  let timer = setTimeout(() => { finish(deadlineError(message, 'no answer', timeoutMs)) }, timeoutMs)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) finish()

  const onData = (chunk: Buffer): void => {
    timer.refresh()
    if (head === undefined || head.status >= 300) { refusal.push(chunk); return }
    try {
      inbox.lines.push(...split(chunk))
      inbox.wake()
    } catch (error) {
      finish(connectionErrorFrom(message, error))
    }
  }
  const onEnd = (): void => {
    if (head === undefined || head.status < 300) { finish(); return }
    finish(apiErrorFrom(`${message.method} ${message.path.split('?', 1)[0]}`, head.status, textOf(refusal), head.retryAfter))
  }

  pool.dispatch({ method: message.method, path: message.path, headers: message.headers }, {
    onRequestStart: found => {
      controller = found
      if (inbox.over) found.abort(inbox.failure ?? new Error('closed'))
    },
    onResponseStart: (_controller, status, headers) => {
      if (inbox.over) return
      head = headOf(status, headers)
      clearTimeout(timer)
      timer = setTimeout(() => { finish(deadlineError(message, 'not a byte', idleTimeoutMs)) }, idleTimeoutMs)
      onHead(status)
    },
    onResponseData: (_controller, chunk) => { onData(chunk) },
    onResponseEnd: onEnd,
    onResponseError: (_controller, error) => { finish(connectionErrorFrom(message, error)) }
  })
  return () => { finish() }
}

/** Reads a line of a watch. Throws an ApiError for an `ERROR` event, a SyntaxError for what is no event. */
export function parseWatchLine (line: Buffer, what: string): WatchEvent {
  const event = JSON.parse(line.toString()) as { type?: string, object?: unknown } | null
  if (event === null || typeof event.object !== 'object' || event.object === null) {
    throw new SyntaxError(`${what}: a watch event without an object`)
  }
  if (event.type === 'ERROR') {
    const { code } = event.object as { code?: number }
    throw apiErrorFrom(what, code ?? 500, JSON.stringify(event.object))
  }
  return event as WatchEvent
}
