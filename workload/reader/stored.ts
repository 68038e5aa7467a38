// Lists what a TopicTen's pods left in storage, wherever that is.
import type { Clients } from '../clients.ts'
import type { ReadOptions } from './options.ts'
import type { Search } from './search.ts'
import { readItems } from './stored-items.ts'
import { readObjects } from './stored-objects.ts'
import { readPage } from './stored-page.ts'

/**
 * Finds all messages of a TopicTen's pods in storage, in no order. Gives the time (milliseconds since the epoch) before which
 * storage has dropped messages by itself; undefined where it keeps all.
 * @throws {AskError}
 */
export async function readStored (
  { storage }: Clients, search: Search, { storage: { text: arn }, layout, pageMessages }: ReadOptions
): Promise<number | undefined> {
  if (storage.kind === 'bucket' && layout === 'page') return await readPage({ ...storage, arn }, search, pageMessages)
  if (storage.kind === 'bucket') await readObjects({ ...storage, arn }, search)
  else await readItems(storage, search)
  return undefined
}
