// How long this process has known each Deployment's last step, by the clock that does not jump.
import { stepDueAnnotation } from '../api/names.ts'
import type { ObservedDeployment } from './observed.ts'

export interface Witness {
  /** Notes a Deployment as seen now. `live` false: it may have been like that for long (the first list). */
  saw (key: string, deployment: ObservedDeployment, live: boolean): void
  /** Milliseconds since its step was first seen, an upper bound of its age on the API server; undefined when not seen live. */
  seenForMs (key: string, deployment: ObservedDeployment): number | undefined
  forget (key: string): void
}

export function createWitness (now: () => number): Witness {
  const seen = new Map<string, { step: string, at: number | undefined }>()
  return {
    saw (key, deployment, live) {
      const step = stepOf(deployment)
      if (seen.get(key)?.step !== step) seen.set(key, { step, at: live ? now() : undefined })
    },
    seenForMs (key, deployment) {
      const last = seen.get(key)
      return last?.at === undefined || last.step !== stepOf(deployment) ? undefined : now() - last.at
    },
    forget: key => { seen.delete(key) }
  }
}

function stepOf (deployment: ObservedDeployment): string {
  return `${deployment.metadata.uid}/${deployment.metadata.annotations[stepDueAnnotation] ?? ''}`
}
