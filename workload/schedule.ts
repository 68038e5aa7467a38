// When the next message is due.
import { setTimeout as sleep } from 'node:timers/promises'

/** A time from `minMs` to `maxMs`, each as likely; `random` is from 0 to below 1. */
export function intervalMs (minMs: number, maxMs: number, random: number): number {
  return minMs + (maxMs - minMs) * random
}

/** What is left of an interval; all times in milliseconds. A clock that is set meanwhile lengthens or shortens no more than one. */
export function pauseMs (startedAt: number, interval: number, now: number): number {
  return Math.min(interval, Math.max(0, startedAt + interval - now))
}

/** Ends early, without throwing, when the signal aborts. */
export async function pause (ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
