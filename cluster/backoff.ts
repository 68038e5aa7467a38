// How long to wait before trying again.
import { setTimeout as sleep } from 'node:timers/promises'

export interface Backoff {
  /** Longest wait after the first failure, in milliseconds. */
  baseMs: number
  /** Longest wait of all. */
  maxMs: number
}

/**
 * Doubles with each failure in a row, between half and all of the step so that clients cut off together do not come back together.
 * `failures` counts from 1; 0 means no wait. `random` gives 0..1.
 */
export function backoffMs (failures: number, { baseMs, maxMs }: Backoff, random: () => number): number {
  if (failures <= 0) return 0
  const step = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30))
  return step * (0.5 + random() / 2)
}

/** Resolves after `ms`, or as soon as the signal aborts; never rejects. */
export async function pause (ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    // Aborted: the caller looks at the signal anyway.
  }
}
