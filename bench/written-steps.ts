// The steps of Deployments as the API server's audit log has them: every write that succeeded, timed where it happened and not where
// somebody heard of it.
import type { AuditEvent } from '../local/audit.ts'
import type { Step } from './tracker.ts'

/**
 * The successful writes of each Deployment in `namespace` whose name starts with `tt-`, in order; `at` is when the answer was
 * ready, in wall-clock milliseconds.
 */
export function writtenSteps (events: AuditEvent[], namespace: string): Map<string, Step[]> {
  const steps = new Map<string, Step[]>()
  const writes = events.filter(event => isWrite(event, namespace)).sort((a, b) => a.stageTimestamp < b.stageTimestamp ? -1 : 1)
  for (const { objectRef, responseObject, stageTimestamp } of writes) {
    const name = objectRef?.name ?? ''
    const { spec } = responseObject as { spec: { replicas: number } }
    steps.set(name, [...steps.get(name) ?? [], { replicas: spec.replicas, at: Date.parse(stageTimestamp) }])
  }
  return steps
}

function isWrite ({ verb, objectRef, responseStatus }: AuditEvent, namespace: string): boolean {
  if (objectRef === undefined || objectRef.namespace !== namespace || !objectRef.name?.startsWith('tt-')) return false
  const ofDeployment = objectRef.resource === 'deployments' && objectRef.subresource === undefined
  return ofDeployment && ['create', 'patch', 'update'].includes(verb) && (responseStatus?.code ?? 500) < 300
}
