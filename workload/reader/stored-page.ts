// Reads the messages that are lines of a bucket's page.
import { pageKey, parsePage } from '../page.ts'
import { AskError } from './ask.ts'
import { timeOf } from './compare.ts'
import { type Bucket, readObjectText } from './object-text.ts'
import { isPodOf } from './pods.ts'
import type { Search } from './search.ts'

/** As large as the workload lets it be. */
const maxPage = 16 * 1024 * 1024

/**
 * Hands over each message of the search. Gives the time of the oldest message, of anybody, when the page is full: it has
 * dropped older ones; else undefined.
 * @param cap at how many messages the page is cut off
 */
export async function readPage (bucket: Bucket, search: Search, cap: number): Promise<number | undefined> {
  const found = await readObjectText(bucket, pageKey, maxPage)
  if (found === undefined) return undefined
  const entries = found === 'large' ? undefined : parsePage(found.text)
  if (entries === undefined) throw new AskError(`${bucket.arn}/${pageKey} is no page of messages; expected one that STORAGE_LAYOUT=page writes (else use --layout objects)`)
  const times = entries.map(({ id, time }) => timeOf(id, Date.parse(time) || 0))
  entries.forEach(({ id, namespace, pod, message }, i) => {
    if (namespace === search.namespace && isPodOf(search.name, pod)) search.found({ id, pod, time: times[i] ?? 0, message })
  })
  return entries.length < cap ? undefined : Math.min(...times)
}
