// Gives every call to AWS an end: when its time is over, or when the whole process must end.
import { CallTimeout } from './faults.ts'

/** Runs one attempt of one call, and hands it a signal that ends it. */
export type Call = <T>(signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>) => Promise<T>

/**
 * Calls that take at most `timeoutMs` each; longer ones reject with `CallTimeout`, at once even where the SDK does not heed the
 * signal, as while it gets credentials. When the signal given aborts, they reject with its reason.
 */
export function timedCalls (timeoutMs: number): Call {
  return async (signal, run) => {
    signal.throwIfAborted()
    const ending = new AbortController()
    const ended = new Promise<never>((resolve, reject) => {
      ending.signal.addEventListener('abort', () => { reject(ending.signal.reason) }, { once: true })
    })
    const stop = (): void => { ending.abort(signal.reason) }
    const timer = setTimeout(() => { ending.abort(new CallTimeout(`no answer within ${timeoutMs / 1000} s`)) }, timeoutMs)
    signal.addEventListener('abort', stop, { once: true })
    try {
      return await Promise.race([ended, run(ending.signal)])
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
  }
}
