// The mark on a pod of what is to be injected into it, by which whoever injects knows whether what it has is of the same state.
import { createHash } from 'node:crypto'
import type { ResolvedArns } from './topicten.ts'

/** What of a status or a spec counts, in the order that all hashes are made of. */
export function injectedArns ({ targetarn, kmsarn, cloudwatcharn, region }: ResolvedArns): ResolvedArns {
  return { targetarn, kmsarn, cloudwatcharn, region }
}

/** Sixteen hexadecimal digits: the value of the annotation `injectedAnnotation`. */
export function injectedHash (resolved: ResolvedArns): string {
  return hash(injectedArns(resolved))
}

/** A short hash of plain data; the order of its keys counts. */
export function hash (value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}
