// Opens the storage that an ARN and a layout ask for: a bucket in one of two layouts, or a table.
import type { Call } from './call.ts'
import type { StorageClient } from './clients.ts'
import type { Config } from './config.ts'
import { createObjectStorage } from './object-storage.ts'
import { createPageStorage } from './page-storage.ts'
import type { Storage } from './storage.ts'
import { createTableStorage } from './table-storage.ts'

export function openStorage (storage: StorageClient, config: Pick<Config, 'layout' | 'pageMessages'>, call: Call): Storage {
  if (storage.kind === 'table') return createTableStorage({ ...storage, call })
  return config.layout === 'page'
    ? createPageStorage({ ...storage, call, cap: config.pageMessages })
    : createObjectStorage({ ...storage, call })
}
