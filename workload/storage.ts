// What a message is stored in, seen from a round.
import type { MessageRecord } from './record.ts'

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
