// Has those pods made soon that were refused while no webhook of ours answered: their ReplicaSet waits ever longer between tries,
// up to a quarter of an hour. Any change of a Deployment's annotations reaches its ReplicaSet, and that one tries at once.
import { fieldManager, group, retriedAnnotation } from '../api/names.ts'
import type { Client } from '../cluster/client.ts'
import { isConflict, isNotFound } from '../cluster/errors.ts'
import type { Logger } from '../cluster/logger.ts'
import type { ObservedDeployment } from './observed.ts'

export interface NudgeOptions {
  client: Client
  /** Called before each write; throws when the lease may be gone. */
  guard: () => void
  /** Whether our webhook is served and trusted: a try before that would be refused again. */
  isAnswering: () => boolean
  /** Wall clock, milliseconds since the epoch, and the clock that never jumps. */
  now: () => number
  monotonic: () => number
  /** Milliseconds between two looks at what is due (1,000); none costs a request. */
  lookMs?: number
  log: Logger
}

export interface Nudges {
  /** Takes in a Deployment as the cache has it; undefined: it is gone. */
  saw (key: string, deployment: ObservedDeployment | undefined): void
  /** Works until the signal aborts. */
  lead (signal: AbortSignal): void
}

/** The API server may need a moment to see us again, so one try may be too early: 0, 5, 10, 20, 40, then each 60 s. */
const firstMs = 5_000
const longestMs = 60_000

export function createNudges ({ client, guard, isAnswering, now, monotonic, lookMs = 1_000, log }: NudgeOptions): Nudges {
  const refused = new Map<string, { tries: number, at: number }>()
  let working = false

  async function look (signal: AbortSignal): Promise<void> {
    if (working || refused.size === 0 || !isAnswering()) return
    working = true
    try {
      for (const [key, entry] of refused) {
        if (signal.aborted) return
        if (entry.at <= monotonic()) await nudge(key, entry, signal)
      }
    } finally {
      working = false
    }
  }

  async function nudge (key: string, entry: { tries: number, at: number }, signal: AbortSignal): Promise<void> {
    const [namespace, name] = key.split('/')
    entry.at = monotonic() + Math.min(longestMs, firstMs * 2 ** entry.tries++)
    try {
      guard()
      const patch = { metadata: { annotations: { [retriedAnnotation]: new Date(now()).toISOString() } } }
      await client.mergePatch(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`, patch, { fieldManager, signal })
      log.info({ topicten: key, tries: entry.tries }, 'refused pods are asked for again')
    } catch (err) {
      if (!signal.aborted && !isNotFound(err) && !isConflict(err)) log.warn({ topicten: key, err }, 'refused pods not asked for again')
    }
  }

  return {
    saw (key, deployment) {
      if (deployment === undefined || !isRefused(deployment)) refused.delete(key)
      else if (!refused.has(key)) refused.set(key, { tries: 0, at: monotonic() })
    },
    lead (signal) {
      if (signal.aborted) return
      for (const entry of refused.values()) Object.assign(entry, { tries: 0, at: monotonic() })
      const timer = setInterval(() => { void look(signal) }, lookMs)
      signal.addEventListener('abort', () => { clearInterval(timer) }, { once: true })
    }
  }
}

/**
 * Whether pods were refused because our webhook could not be asked, in the API server's words; a refusal for a reason stays one.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment
 */
function isRefused ({ status }: ObservedDeployment): boolean {
  const failure = status.conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
  return new RegExp(`failed calling webhook "[^"]*${group.replaceAll('.', '\\.')}"`).test(failure?.message ?? '')
}
