// When this process leads: while it holds the lease, or always where nobody is elected, and only while it is allowed to at all.
import type { Elector } from '../cluster/elector.ts'

export interface LeadershipOptions {
  /** Makes an elector that is not started yet; undefined: nobody is elected. */
  elect: (onLeading: (signal: AbortSignal) => void) => Elector | undefined
  /** Called at the start of each term; the signal aborts at its end. */
  onLeading: (signal: AbortSignal) => void
}

export interface Leadership {
  readonly leading: boolean
  /** Stands for election, or stops: then the term ends and the lease is released. */
  allow: (allowed: boolean) => void
  /** Ends the term for good, and resolves when the lease is released. */
  stop: () => Promise<void>
}

interface Candidacy { readonly leading: boolean, stop: () => Promise<void> }

export function createLeadership ({ elect, onLeading }: LeadershipOptions): Leadership {
  let candidacy: Candidacy | undefined
  let leaving: Promise<void> = Promise.resolve()
  let isAllowed = false
  let stopped = false

  function stand (): Candidacy {
    const elector = elect(onLeading)
    if (elector !== undefined) {
      elector.start()
      return elector
    }
    const term = new AbortController()
    onLeading(term.signal)
    return { get leading () { return !term.signal.aborted }, stop: async () => { term.abort() } }
  }

  function leave (): Promise<void> {
    const old = candidacy
    candidacy = undefined
    leaving = Promise.all([leaving, old?.stop()]).then(() => {})
    return leaving
  }

  return {
    get leading () { return candidacy?.leading ?? false },
    allow (allowed) {
      if (allowed === isAllowed) return
      isAllowed = allowed
      if (!allowed) {
        void leave()
        return
      }
      // A lease that is being released is not stood for again before.
      void leaving.then(() => { if (isAllowed && !stopped && candidacy === undefined) candidacy = stand() })
    },
    async stop () {
      stopped = true
      await leave()
    }
  }
}
