// A search of the storage for a TopicTen's messages.
import type { StoredMessage } from './compare.ts'

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
