// What an elector is given and gives; with the defaults of every Kubernetes controller.
import type { Client } from './client.ts'
import type { OwnerReference } from './lease.ts'
import type { Logger } from './logger.ts'

export interface ElectorOptions {
  /** Best one of its own: the lease must not stand in line behind other requests. */
  client: Client
  namespace: string
  name: string
  /** Unique among live processes. One that comes back under its old name takes its old lease at once. */
  identity: string
  /** How long the others wait for a sign of life: 15 s, written in whole seconds. */
  leaseDurationMs?: number
  /** How long a renewal counts for us, from its start: 10 s. Less than the lease duration, or two may lead. */
  renewDeadlineMs?: number
  /** Between renewals, and between attempts that fail: 2 s. */
  retryMs?: number
  /** Candidates that see a lease come free wait up to this long, at random, so that not all of them ask at once: 20 ms. */
  jitterMs?: number
  log: Logger
  /** Put into a lease without owner, so that it is collected together with it. */
  owner?: OwnerReference | (() => Promise<OwnerReference | undefined>) | undefined
  /** Monotonic, in milliseconds. */
  now?: () => number
  wallClock?: () => Date
  random?: () => number
  /** The signal aborts when leadership is lost or released. A throw is logged. */
  onLeading: (signal: AbortSignal) => void
  /** Called after the signal aborted, when leadership is lost; not when it is released. */
  onLost?: (() => void) | undefined
}

export interface Elector {
  start (): void
  /** Stops standing; releases the lease if held. Call it when the work is done: it aborts the signal first. */
  stop (): Promise<void>
  readonly leading: boolean
  /** Compares the clock with the lease: false (and the signal aborted) as soon as another may lead. Ask before each write. */
  isLeading (): boolean
  /** The holder as last seen. */
  readonly leader: string | undefined
  /** How often the lease changed hands, as it says. */
  readonly transitions: number
}

const defaults = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryMs: 2000,
  jitterMs: 20,
  now: () => performance.now(),
  wallClock: () => new Date(),
  random: Math.random
}

export type ElectorSettings = ElectorOptions & Required<Pick<ElectorOptions, keyof typeof defaults>>

/** Throws a RangeError unless retry < renew deadline < lease duration. */
export function electorSettings (options: ElectorOptions): ElectorSettings {
  const settings = { ...defaults, ...options }
  const { retryMs, renewDeadlineMs, leaseDurationMs } = settings
  if (!(retryMs < renewDeadlineMs && renewDeadlineMs < leaseDurationMs)) {
    throw new RangeError(`elector: retry ${retryMs} ms, renew deadline ${renewDeadlineMs} ms, lease duration ${leaseDurationMs} ms; each must be less than the next`)
  }
  return settings
}
