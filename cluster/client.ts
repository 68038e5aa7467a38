// Requests to the API server over one keep-alive pool, as thin as they can be. It repeats a request in two cases only: a 401 after
// which there are newer credentials, and a GET whose kept-alive connection was gone. Every other retry is the caller's.
import { Pool } from 'undici'
import type { ClusterConfig, Credentials, TlsOptions } from './config.ts'
import { ConnectionError, apiErrorFrom, isUnauthorized } from './errors.ts'
import { exchange } from './exchange.ts'
import type { Answer, Message } from './exchange.ts'
import { parseWatchLine, streamLines } from './watch.ts'
import type { WatchEvent, WatchOptions } from './watch.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Query = Record<string, string | number | boolean | undefined>

export interface RequestOptions {
  query?: Query | undefined
  /** Sent as JSON. */
  body?: unknown
  /** Of the body: `application/json` unless told; a PATCH needs one of the patch types. */
  contentType?: string | undefined
  signal?: AbortSignal | undefined
  /** Deadline of the whole request, in milliseconds; the client's default otherwise. */
  timeoutMs?: number | undefined
}

export interface ApplyOptions extends RequestOptions {
  fieldManager: string
  /** Default true: fields of other managers are taken over. */
  force?: boolean
}

export interface PatchOptions extends RequestOptions {
  fieldManager?: string
}

/** All reject with an ApiError for a refusal, a ConnectionError without an answer, or the signal's reason. */
export interface Client {
  /** Gives the parsed body; text when it is no JSON. `path` starts with a slash. */
  request<T> (method: Method, path: string, options?: RequestOptions): Promise<T>
  get<T> (path: string, options?: RequestOptions): Promise<T>
  /** Server-side apply: https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
  apply<T> (path: string, object: object, options: ApplyOptions): Promise<T>
  /** JSON merge patch, https://www.rfc-editor.org/rfc/rfc7396: what `patch` names is changed, what it sets to null is removed. */
  mergePatch<T> (path: string, patch: object, options?: PatchOptions): Promise<T>
  /**
   * Yields events until the stream ends or the signal aborts; throws an ApiError (for an ERROR event too) or a ConnectionError.
   * `query` needs what the API asks for, but `watch=true`.
   */
  watch<T> (path: string, query: Query, options: WatchOptions): AsyncIterable<WatchEvent<T>>
  /** Breaks off what is under way and closes all connections. */
  close (): Promise<void>
}

export interface ClientOptions {
  userAgent?: string
  /** Default deadline of a request, in milliseconds (10,000). */
  timeoutMs?: number
  /** Connections for requests (16); each watch has one of its own. */
  connections?: number
  /** Called once per exchange; a watch when its answer starts. Must not throw. */
  onRequest?: (request: { verb: string, code: number | 'error', seconds: number }) => void
}

interface Connection { tls: TlsOptions, requests: Pool, streams: Pool }

// kube-apiserver closes connections that were idle for 90 s: drop them before, so that no request runs into the closing.
const keepAliveMs = 75_000

/** Never fails by itself; the first request connects. */
export function createClient (config: ClusterConfig, options: ClientOptions = {}): Client {
  const { userAgent = 'topicten', timeoutMs: defaultTimeoutMs = 10_000, connections = 16, onRequest = () => {} } = options
  const { origin, pathname } = new URL(config.server)
  const prefix = pathname.replace(/\/+$/, '')
  let connection: Connection | undefined
  const open = new Set<Pool>()

  function createPool (tls: TlsOptions, size: number | null): Pool {
    const pool = new Pool(origin, {
      connections: size,
      // One multiplexed connection would let one lost packet or one full window hold up every request, and costs more CPU.
      allowH2: false,
      connect: { ...tls, timeout: defaultTimeoutMs, keepAliveInitialDelay: 30_000 },
      keepAliveTimeout: keepAliveMs,
      headersTimeout: 0,
      bodyTimeout: 0
    })
    open.add(pool)
    return pool
  }

  function connectionFor ({ tls }: Credentials): Connection {
    if (connection?.tls === tls) return connection
    forsake()
    connection = { tls, requests: createPool(tls, connections), streams: createPool(tls, null) }
    return connection
  }

  /** What is under way on the connections goes on; nothing new is sent over them. */
  function forsake (): void {
    const old = connection
    connection = undefined
    for (const pool of old === undefined ? [] : [old.requests, old.streams]) pool.close().catch(() => {}).finally(() => open.delete(pool))
  }

  const messageFor = (method: Method, path: string, credentials: Credentials, options: RequestOptions): Message => {
    const headers: Record<string, string> = { ...credentials.headers, accept: 'application/json', 'user-agent': userAgent }
    const message: Message = { method, path: prefix + path + search(options.query), headers, signal: options.signal }
    if (options.body !== undefined) {
      headers['content-type'] = options.contentType ?? 'application/json'
      message.body = JSON.stringify(options.body)
    }
    return message
  }

  async function once (method: Method, path: string, options: RequestOptions, credentials: Credentials, deadline: number): Promise<Answer> {
    const started = performance.now()
    let code: number | 'error' = 'error'
    try {
      const { requests } = connectionFor(credentials)
      const answer = await exchange(requests, messageFor(method, path, credentials, options), Math.max(1, deadline - started))
      code = answer.status
      return answer
    } finally {
      onRequest({ verb: method, code, seconds: (performance.now() - started) / 1000 })
    }
  }

  async function onceOrTwice (...request: Parameters<typeof once>): Promise<Answer> {
    try {
      return await once(...request)
    } catch (error) {
      if (request[0] !== 'GET' || !isStale(error)) throw error
      return await once(...request)
    }
  }

  async function request<T> (method: Method, path: string, options: RequestOptions = {}): Promise<T> {
    const deadline = performance.now() + (options.timeoutMs ?? defaultTimeoutMs)
    const credentials = await config.credentials()
    let answer = await onceOrTwice(method, path, options, credentials, deadline)
    if (answer.status === 401) {
      const fresh = await config.credentials(credentials)
      if (fresh !== credentials) answer = await onceOrTwice(method, path, options, fresh, deadline)
    }
    if (answer.status >= 300) throw apiErrorFrom(`${method} ${path}`, answer.status, answer.body, answer.retryAfter)
    return (answer.contentType.includes('json') ? parseBody(`${method} ${path}`, answer.body) : answer.body) as T
  }

  async function * streamOnce (path: string, query: Query, { signal, idleTimeoutMs }: WatchOptions, credentials: Credentials) {
    const started = performance.now()
    const message = messageFor('GET', path, credentials, { query: { ...query, watch: true }, signal })
    let told = false
    const tell = (code: number | 'error'): void => {
      if (!told) onRequest({ verb: 'WATCH', code, seconds: (performance.now() - started) / 1000 })
      told = true
    }
    try {
      const lines = streamLines(connectionFor(credentials).streams, message, { timeoutMs: defaultTimeoutMs, idleTimeoutMs, onHead: tell })
      for await (const line of lines) yield parseWatchLine(line, `WATCH ${path}`)
    } catch (error) {
      // Where one connection fell silent, those that are idle are no better, and each would cost another deadline.
      if (isTimeout(error)) forsake()
      throw error
    } finally {
      tell('error')
    }
  }

  async function * watch (path: string, query: Query, options: WatchOptions): AsyncGenerator<WatchEvent, void, void> {
    const credentials = await config.credentials()
    try {
      yield * streamOnce(path, query, options, credentials)
    } catch (error) {
      const fresh = isUnauthorized(error) ? await config.credentials(credentials) : credentials
      if (fresh === credentials) throw error
      yield * streamOnce(path, query, options, fresh)
    }
  }

  return {
    request,
    get: (path, options) => request('GET', path, options),
    apply: (path, object, { fieldManager, force = true, query, ...rest }) => request('PATCH', path,
      { ...rest, query: { ...query, fieldManager, force }, body: object, contentType: 'application/apply-patch+yaml' }),
    mergePatch: (path, patch, { fieldManager, query, ...rest } = {}) => request('PATCH', path,
      { ...rest, query: { ...query, fieldManager }, body: patch, contentType: 'application/merge-patch+json' }),
    watch: <T>(path: string, query: Query, options: WatchOptions) => watch(path, query, options) as AsyncIterable<WatchEvent<T>>,
    close: async () => { await Promise.all([...open].map(pool => pool.destroy())) }
  }
}

function search (query: Query = {}): string {
  const parts = Object.entries(query).flatMap(([name, value]) => value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`])
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

function parseBody (what: string, body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (error) {
    throw new ConnectionError(`${what}: the answer is no JSON: ${body.slice(0, 100)}`, 'EPROTO', error)
  }
}

const staleCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])
const isTimeout = (error: unknown): boolean => error instanceof ConnectionError && error.code === 'ETIMEDOUT'
const isStale = (error: unknown): boolean => error instanceof ConnectionError && staleCodes.has(error.code)
