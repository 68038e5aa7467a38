// Lists what a TopicTen's pods left in storage, wherever that is.
import type { Clients } from '../clients.ts'
import type { StoredMessage } from './compare.ts'
import type { ReadOptions } from './options.ts'
import { readItems } from './stored-items.ts'
import { readObjects } from './stored-objects.ts'
import { readPage } from './stored-page.ts'

/** What is looked for, and how what is found is handed over. */
export interface Search {
  namespace: string
  /** The TopicTen's. */
  name: string
  /** Messages made before this need not be found; milliseconds since the epoch. */
  since: number | undefined
  found: (message: StoredMessage) => void
  /** Something that is no message of anybody's was found. */
  foreign: () => void
}

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
