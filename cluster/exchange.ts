// One HTTP exchange over a pool: bounded in time, abortable, whole answer in memory. Retries nothing.
import type { Dispatcher } from 'undici'
import { ConnectionError } from './errors.ts'

export interface Message {
  method: Dispatcher.HttpMethod
  /** With the query. */
  path: string
  headers: Record<string, string>
  body?: string | undefined
  signal?: AbortSignal | undefined
}

export interface Answer {
  status: number
  contentType: string
  retryAfter: string | undefined
  body: string
}

type Headers = Record<string, string | string[] | undefined>

const headerOf = (headers: Headers, name: string): string | undefined => {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** What counts of an answer's head. */
export const headOf = (status: number, headers: Headers): Omit<Answer, 'body'> =>
  ({ status, contentType: headerOf(headers, 'content-type') ?? '', retryAfter: headerOf(headers, 'retry-after') })

/** The error of a request that got no (whole) answer; an error of ours passes as it is. */
export function connectionErrorFrom ({ method, path }: Message, error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error
  const { code = 'UNKNOWN', message } = error instanceof Error ? error as NodeJS.ErrnoException : { message: String(error) }
  return new ConnectionError(`${method} ${path.split('?', 1)[0]}: ${message || code}`, code, error)
}

export const deadlineError = ({ method, path }: Message, what: string, ms: number): ConnectionError =>
  new ConnectionError(`${method} ${path.split('?', 1)[0]}: ${what} within ${Math.round(ms)} ms`, 'ETIMEDOUT')

/** The text of a body; UTF-8 is decoded over the whole, so a character may lie across chunks. */
export const textOf = (chunks: Buffer[]): string =>
  chunks.length === 1 && chunks[0] !== undefined ? chunks[0].toString() : Buffer.concat(chunks).toString()

/**
 * Sends a message and gives the whole answer, whatever its status. `timeoutMs` bounds it all, the wait for a connection included.
 * Rejects with a ConnectionError, or with the signal's reason.
 */
export function exchange (pool: Dispatcher, message: Message, timeoutMs: number): Promise<Answer> {
  const { signal } = message
  return new Promise((resolve, reject) => {
    if (signal?.aborted) { reject(signal.reason); return }
    let controller: Dispatcher.DispatchController | undefined
    let failure: Error | undefined
    let head: Omit<Answer, 'body'> | undefined
    const chunks: Buffer[] = []

    const settle = (): void => {
      clearTimeout(timer)
      // Not AbortSignal.any: with a signal that lives as long as the process it leaks (nodejs/node #54614).
      signal?.removeEventListener('abort', onAbort)
    }
    const fail = (error: Error): void => {
      if (failure !== undefined) return
      failure = error
      settle()
      reject(error)
      controller?.abort(error)
    }
    const onAbort = (): void => { fail(signal?.reason) }
    const timer = setTimeout(() => { fail(deadlineError(message, 'no answer', timeoutMs)) }, timeoutMs)
    signal?.addEventListener('abort', onAbort)

    pool.dispatch({ method: message.method, path: message.path, headers: message.headers, body: message.body ?? null }, {
      onRequestStart: found => {
        controller = found
        if (failure !== undefined) found.abort(failure)
      },
      onResponseStart: (_controller, status, headers) => { head = headOf(status, headers) },
      onResponseData: (_controller, chunk) => { chunks.push(chunk) },
      onResponseEnd: () => {
        settle()
        if (head !== undefined) resolve({ ...head, body: textOf(chunks) })
      },
      onResponseError: (_controller, error) => { fail(connectionErrorFrom(message, error)) }
    })
  })
}
