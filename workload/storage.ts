// What a message is stored in, seen from a round: a bucket in one of two layouts, or a table.
import type { Call } from './call.ts'
import type { StorageClient } from './clients.ts'
import type { Config } from './config.ts'
import { createObjectStorage } from './object-storage.ts'
import { createPageStorage } from './page-storage.ts'
import type { MessageRecord } from './record.ts'
import { createTableStorage } from './table-storage.ts'

export interface Storage {
  /**
   * Looks once whether messages can be kept here at all.
   * @throws {UnfitStorage} when they never can; whatever the client throws when it cannot be told now
   */
  prepare (signal: AbortSignal): Promise<void>
  /**
   * Stores a message. To store one again, as when the first reply was lost, changes nothing.
   * @param keyArn the key that the message's ciphertext is made with
   * @throws {UnfitStorage} as `prepare`; whatever the client throws
   */
  put (record: MessageRecord, keyArn: string, signal: AbortSignal): Promise<void>
}

export function openStorage (storage: StorageClient, config: Pick<Config, 'layout' | 'pageMessages'>, call: Call): Storage {
  if (storage.kind === 'table') return createTableStorage({ ...storage, call })
  return config.layout === 'page'
    ? createPageStorage({ ...storage, call, cap: config.pageMessages })
    : createObjectStorage({ ...storage, call })
}
