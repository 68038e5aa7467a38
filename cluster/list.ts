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
    const { items, version, next } = pageOf(list, path)
    onPage(items)
    if (next === undefined) return version
    if (next === token || now() - started > listMs) {
      throw new ConnectionError(`LIST ${path}: no end after ${Math.round(now() - started)} ms`, 'ETIMEDOUT')
    }
    token = next
    await turn()
  }
}

/** Whatever else is answered with a 200, the login page of a proxy for one, must not pass for an empty collection. */
function pageOf ({ metadata, items }: List, path: string): { items: KubernetesObject[], version: string, next: string | undefined } {
  const version = metadata?.resourceVersion
  if (version === undefined || items === undefined) throw new ConnectionError(`LIST ${path}: the answer is no list`, 'EPROTO')
  return { items: items ?? [], version, next: metadata?.continue || undefined }
}
