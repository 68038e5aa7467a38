// The countdown as a pure decision: from what is asked for and what is there, how many replicas are due and when to look again.

/** What the Deployment says of its countdown. Times are milliseconds since the epoch. */
export interface Counted {
  replicas: number
  /** When the last step was due; absent on a Deployment that another hand made. */
  stepDue: number | undefined
  /** The number it is counted down from; absent likewise. */
  countedFrom: number | undefined
  /** Milliseconds, on the monotonic clock, since this process saw `stepDue` get its value; absent: it was there before. */
  seenForMs: number | undefined
}

export interface Asked {
  /** Where the countdown starts. */
  replicas: number
  suspend: boolean
  /** It was suspended when its status was last written. */
  wasSuspended: boolean
}

export type Phase = 'CountingDown' | 'Done' | 'Suspended' | 'ScaledToZero'

export interface Plan {
  phase: Phase
  /** What the Deployment should ask for; undefined while it is left alone. */
  target: { replicas: number, stepDue: number, countedFrom: number } | undefined
  /** When the next step is due; undefined: there is nothing more to do. */
  nextStep: number | undefined
  /** Milliseconds until the next look; undefined: only a change calls for one. */
  lookAfterMs: number | undefined
}

/** A step this much of an interval late keeps the grid, and no two steps come closer than the rest of the interval. */
const tolerance = 0.1

/**
 * Plans the next step. A Deployment that is absent (`counted` undefined) starts at `asked.replicas`; one that counts
 * down loses a replica each `intervalMs` until one is left. `now` is wall-clock milliseconds.
 */
export function planCountdown (asked: Asked, counted: Counted | undefined, now: number, intervalMs: number): Plan {
  if (asked.suspend) return { phase: 'Suspended', target: undefined, nextStep: undefined, lookAfterMs: undefined }
  if (counted === undefined || startsAgain(asked, counted)) return countFrom(asked.replicas, asked.replicas, now, intervalMs)
  const { replicas } = counted
  const countedFrom = asked.replicas
  if (replicas <= 1) return end(replicas, counted.stepDue ?? now, countedFrom)
  const stepDue = asked.wasSuspended ? undefined : onThisClock(counted.stepDue, now, intervalMs)
  if (stepDue === undefined) return countFrom(replicas, countedFrom, now, intervalMs)
  const due = stepDue + intervalMs
  const waitMs = Math.max(due - now, waitOnMonotonicClock(counted.seenForMs, intervalMs))
  if (waitMs > 0) return { phase: 'CountingDown', target: { replicas, stepDue, countedFrom }, nextStep: due, lookAfterMs: waitMs }
  const onGrid = now - due <= tolerance * intervalMs
  return countFrom(replicas - 1, countedFrom, onGrid ? due : now, intervalMs, now)
}

/** A time of a clock that has since been put back counts as none: it would hold the countdown for as long as the jump was. */
function onThisClock (time: number | undefined, now: number, intervalMs: number): number | undefined {
  return time !== undefined && time <= now + tolerance * intervalMs ? time : undefined
}

/** An edited `spec.replicas` starts the countdown again; a Deployment that was adopted goes on from where it is. */
function startsAgain (asked: Asked, counted: Counted): boolean {
  return counted.countedFrom !== undefined && counted.countedFrom !== asked.replicas
}

/** Wall clocks jump; what this process saw happen must be long enough ago by the clock that does not. */
function waitOnMonotonicClock (seenForMs: number | undefined, intervalMs: number): number {
  return seenForMs === undefined ? 0 : (1 - tolerance) * intervalMs - seenForMs
}

function countFrom (replicas: number, countedFrom: number, stepDue: number, intervalMs: number, now = stepDue): Plan {
  if (replicas <= 1) return end(replicas, stepDue, countedFrom)
  const nextStep = stepDue + intervalMs
  return { phase: 'CountingDown', target: { replicas, stepDue, countedFrom }, nextStep, lookAfterMs: nextStep - now }
}

function end (replicas: number, stepDue: number, countedFrom: number): Plan {
  const phase = replicas === 1 ? 'Done' : 'ScaledToZero'
  return { phase, target: { replicas, stepDue, countedFrom }, nextStep: undefined, lookAfterMs: undefined }
}
