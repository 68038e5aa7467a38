// Reads a whole collection in pages, leaving the event loop free in between.
import { setImmediate as turn } from 'node:timers/promises'
import type { Client, Query } from './client.ts'
import { ConnectionError } from './errors.ts'

/** The part of an object the cache needs itself. */
export interface KubernetesObject {
  apiVersion?: string
  kind?: string
  metadata: { name?: string, namespace?: string, uid?: string, resourceVersion?: string }
}

interface List { metadata?: { resourceVersion?: string, continue?: string }, items?: KubernetesObject[] | null }

export interface ListOptions {
  client: Client
  path: string
  query: Query
  pageSize: number
  /** Deadline of one page, and of all of them, in milliseconds. */
  pageMs: number
  listMs: number
  signal: AbortSignal
  now: () => number
}

/**
 * Hands each page to `onPage` and gives the resourceVersion to watch from. No version is asked for, so the answer is not older than
 * anything seen before. Rejects as the client does (a 410 when the continue token expired: start anew), and with a ConnectionError
 * when the pages do not end.
 */
export async function listPages (options: ListOptions, onPage: (items: KubernetesObject[]) => void): Promise<string> {
  const { client, path, query, pageSize, pageMs, listMs, signal, now } = options
  const started = now()
  let token: string | undefined
  while (true) {
    const list = await client.get<List>(path, { query: { ...query, limit: pageSize, continue: token }, signal, timeoutMs: pageMs })
    // Whatever else answers with a 200 (a proxy's login page) must not pass for an empty collection.
    const version = list.metadata?.resourceVersion
    if (version === undefined || list.items === undefined) throw new ConnectionError(`LIST ${path}: the answer is no list`, 'EPROTO')
    onPage(list.items ?? [])
    const next = list.metadata?.continue
    if (next === undefined || next === '') return version
    if (next === token || now() - started > listMs) {
      throw new ConnectionError(`LIST ${path}: no end after ${Math.round(now() - started)} ms`, 'ETIMEDOUT')
    }
    token = next
    await turn()
  }
}
