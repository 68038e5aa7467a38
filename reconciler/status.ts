// What a TopicTen's status says, as a pure function of what was found and planned.
import { topicTenLabel } from '../api/names.ts'
import type { Condition, ConditionType, ResolvedArns, TopicTen, TopicTenStatus } from '../api/topicten.ts'
import type { Phase, Plan } from './countdown.ts'
import { countedFromOf, type ObservedDeployment, stepDueOf } from './observed.ts'
import type { ArnsVerdict } from './resolution.ts'

/** What a reconcile found; `fault` is what only a change by a user can mend. */
export interface Findings {
  deployment: ObservedDeployment | undefined
  plan: Plan | undefined
  resolved: ResolvedArns | undefined
  fault: Fault | undefined
  /** What became of references; undefined: all ARNs are written. */
  arns?: ArnsFindings | undefined
}

export interface ArnsFindings {
  verdict: ArnsVerdict
  /** What only a change by a user can mend. */
  stalled: 'InvalidArn' | 'ArnVanished' | undefined
}

export interface Fault {
  reason: 'InvalidSpec' | 'InvalidArn' | 'NameTaken' | 'ArnVanished'
  message: string
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>

/** The status of this generation. Times of conditions that did not change are kept; `now` stamps the others. */
export function statusOf (topicTen: TopicTen, findings: Findings, now: Date): TopicTenStatus {
  const { deployment, plan, resolved = topicTen.status?.resolved } = findings
  return {
    observedGeneration: topicTen.metadata.generation ?? 0,
    ...counts(deployment),
    ...(plan?.nextStep === undefined ? {} : { nextStepTime: new Date(plan.nextStep).toISOString() }),
    ...(resolved === undefined ? {} : { resolved }),
    conditions: verdicts(topicTen, findings).map(([type, verdict]) => condition(topicTen, type, verdict, now))
  }
}

function counts (deployment: ObservedDeployment | undefined): Pick<TopicTenStatus, 'currentReplicas' | 'lastStepTime'> {
  if (deployment === undefined) return {}
  const currentReplicas = deployment.replicas
  const stepDue = stepDueOf(deployment)
  const stepped = stepDue !== undefined && currentReplicas !== countedFromOf(deployment)
  return stepped ? { currentReplicas, lastStepTime: new Date(stepDue).toISOString() } : { currentReplicas }
}

function verdicts (topicTen: TopicTen, findings: Findings): Array<[ConditionType, Verdict]> {
  const { deployment, plan, fault, arns } = findings
  const ready = readiness(topicTen, findings)
  const stalled = stall(deployment, fault ?? arnsFault(arns))
  const progressing: Verdict = { status: 'True', reason: 'Progressing', message: ready.message }
  return [
    ['Ready', ready],
    ...(isPending(ready, stalled) ? [['Reconciling', progressing] satisfies [ConditionType, Verdict]] : []),
    ...(stalled === undefined ? [] : [['Stalled', stalled] satisfies [ConditionType, Verdict]]),
    ...(plan === undefined ? [] : [['CountedDown', countedDown(plan, deployment)] satisfies [ConditionType, Verdict]]),
    ...(arns === undefined ? [] : [['ArnsResolved', arns.verdict] satisfies [ConditionType, Verdict]])
  ]
}

function arnsFault (arns: ArnsFindings | undefined): Fault | undefined {
  return arns?.stalled === undefined ? undefined : { reason: arns.stalled, message: arns.verdict.message }
}

function isPending (ready: Verdict, stalled: Verdict | undefined): boolean {
  return ready.status !== 'True' && stalled === undefined && ready.reason !== 'Suspended'
}

function condition (topicTen: TopicTen, type: ConditionType, verdict: Verdict, now: Date): Condition {
  const observedGeneration = topicTen.metadata.generation ?? 0
  const before = conditionOf(topicTen, type)
  const lastTransitionTime = before?.status === verdict.status ? before.lastTransitionTime : `${now.toISOString().slice(0, 19)}Z`
  return { type, ...verdict, observedGeneration, lastTransitionTime }
}

export function conditionOf (topicTen: TopicTen, type: ConditionType): Condition | undefined {
  return topicTen.status?.conditions?.find(condition => condition.type === type)
}

function readiness (topicTen: TopicTen, findings: Findings): Verdict {
  const { fault, arns } = findings
  if (fault !== undefined) return no(fault.reason === 'NameTaken' ? 'NameTaken' : 'InvalidSpec', fault.message)
  if (arns !== undefined && arns.verdict.status !== 'True') return no('WaitingForArns', arns.verdict.message)
  return availability(topicTen, findings)
}

function availability (topicTen: TopicTen, { deployment, plan }: Findings): Verdict {
  if (deployment === undefined) {
    return plan?.phase === 'Suspended'
      ? no('Suspended', 'Suspended before its Deployment was made')
      : no('RollingOut', 'The Deployment is being made')
  }
  const refused = deployment.status.conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
  if (refused !== undefined) return no('PodsRefused', refused.message ?? 'The pods were refused')
  return rollout(topicTen, deployment)
}

/** A step asks for fewer pods and keeps the others, so what was available for this generation still is. */
function rollout (topicTen: TopicTen, { metadata, replicas, status }: ObservedDeployment): Verdict {
  const before = conditionOf(topicTen, 'Ready')
  const seen = status.observedGeneration >= metadata.generation
  if (!seen && before?.reason === 'Available' && before.observedGeneration === topicTen.metadata.generation) return available
  const isAvailable = seen && status.updatedReplicas >= replicas && status.availableReplicas >= replicas
  return isAvailable ? available : no('RollingOut', 'The Deployment is rolling out')
}

const available: Verdict = { status: 'True', reason: 'Available', message: 'The Deployment is available' }

function no (reason: string, message: string): Verdict {
  return { status: 'False', reason, message }
}

function stall (deployment: ObservedDeployment | undefined, fault: Fault | undefined): Verdict | undefined {
  if (fault !== undefined) return { status: 'True', reason: fault.reason, message: fault.message }
  const late = deployment?.status.conditions.find(({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded')
  return late && { status: 'True', reason: 'ProgressDeadlineExceeded', message: late.message ?? 'The Deployment does not progress' }
}

function countedDown (plan: Plan, deployment: ObservedDeployment | undefined): Verdict {
  const messages: Record<Phase, string> = {
    CountingDown: 'One replica less at each step until one is left',
    Done: 'One replica is left',
    Suspended: 'The countdown is suspended',
    ScaledToZero: 'Scaled to zero by hand: left alone'
  }
  const done = plan.phase === 'Done' || (plan.phase === 'Suspended' && deployment?.replicas === 1)
  return { status: done ? 'True' : 'False', reason: plan.phase, message: messages[plan.phase] }
}

/** The fault of a Deployment that is in the way. */
export function nameTaken (deployment: ObservedDeployment): Fault {
  const { name, namespace, ownerReferences } = deployment.metadata
  const owner = ownerReferences.find(reference => reference.controller === true)
  const whose = owner === undefined
    ? `it does not carry the label ${topicTenLabel}=${name} with that selector alone`
    : `it belongs to ${owner.kind} ${owner.name}`
  const message = `Deployment ${namespace}/${name} exists and is not ours: ${whose}. Rename one of the two, or delete the Deployment`
  return { reason: 'NameTaken', message }
}

/** Whether two statuses say the same, so that none is written when nothing changed. */
export function isSameStatus (before: TopicTenStatus | undefined, after: TopicTenStatus): boolean {
  return before !== undefined && flatten(before) === flatten(after)
}

function flatten (status: TopicTenStatus): string {
  const { observedGeneration, currentReplicas, lastStepTime, nextStepTime, resolved, conditions = [] } = status
  const rows = conditions.map(condition => [
    condition.type, condition.status, condition.reason, condition.message, condition.observedGeneration
  ])
  const arns = resolved && [resolved.targetarn, resolved.kmsarn, resolved.cloudwatcharn, resolved.region]
  return JSON.stringify([observedGeneration, currentReplicas, lastStepTime, nextStepTime, arns, rows.sort()])
}

/** The merge patch that turns any status into this one: a field it lacks is removed. */
export function statusPatch (topicTen: TopicTen, status: TopicTenStatus): object {
  const { uid, resourceVersion } = topicTen.metadata
  const absent = { currentReplicas: null, lastStepTime: null, nextStepTime: null, resolved: null }
  return { metadata: { uid, resourceVersion }, status: { ...absent, ...status } }
}
