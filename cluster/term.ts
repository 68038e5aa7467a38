// One term of leadership: from the lease taken until the moment it might be another's.

export interface TermOptions {
  /** How long a successful renewal counts from its start, in milliseconds. */
  renewDeadlineMs: number
  /** Monotonic, in milliseconds; it must go on while the process is stopped. */
  now: () => number
  /** Called once, right after the signal aborted, when the term ran out or was ended as lost. */
  onLost: (why: string) => void
}

export interface Term {
  /** Aborts when the term is over, for whatever reason. */
  readonly signal: AbortSignal
  readonly deadline: number
  /** Looks at the clock: a process that was stopped finds its term over before any timer runs. */
  isHeld (): boolean
  /** A renewal begun at `startedAt` succeeded. */
  extend (startedAt: number): void
  lose (why: string): void
  /** Ends it without a loss. */
  end (): void
}

/** Begins at the start of the request that took the lease. */
export function createTerm (startedAt: number, { renewDeadlineMs, now, onLost }: TermOptions): Term {
  const controller = new AbortController()
  const { signal } = controller
  let deadline = startedAt + renewDeadlineMs
  let timer = arm()

  function arm (): NodeJS.Timeout {
    return setTimeout(() => { if (isHeld()) timer = arm() }, Math.max(1, deadline - now()))
  }

  function lose (why: string): void {
    if (signal.aborted) return
    end()
    onLost(why)
  }

  function end (): void {
    clearTimeout(timer)
    controller.abort()
  }

  function isHeld (): boolean {
    if (!signal.aborted && now() >= deadline) lose('not renewed in time')
    return !signal.aborted
  }

  return {
    signal,
    get deadline () { return deadline },
    isHeld,
    extend (from) { deadline = from + renewDeadlineMs },
    lose,
    end
  }
}
