// Says once that a step fails in some way, and once that it works again.
import type { FaultVerdict } from './faults.ts'

type Log = (fields: Record<string, unknown>, message: string) => void

/** What this folder needs of a logger; pino's fits as it is. */
export interface Logger { debug: Log, info: Log, warn: Log, error: Log }

export interface FaultLog {
  /** Logs, unless the step failed by the same kind of fault since it last worked. */
  failed (step: string, fault: FaultVerdict, fields?: Record<string, unknown>): void
  /** Logs, if the step failed before. */
  worked (step: string): void
}

export function createFaultLog (logger: Logger): FaultLog {
  const failing = new Map<string, Map<string, number>>()
  return {
    failed (step, { kind, name, words, retryable }, fields) {
      const kinds = failing.get(step) ?? new Map<string, number>()
      const count = kinds.get(kind) ?? 0
      failing.set(step, kinds.set(kind, count + 1))
      if (count === 0) logger.warn({ step, kind, error: name, words, retryable, ...fields }, 'step fails')
    },
    worked (step) {
      const kinds = failing.get(step)
      if (kinds === undefined) return
      failing.delete(step)
      logger.info({ step, failures: Object.fromEntries(kinds) }, 'step works again')
    }
  }
}
