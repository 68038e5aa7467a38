// Decides which ARNs a TopicTen's pods get: those that are written, those that its references lead to, else the last good ones. Pure.
import { injectedArns } from '../api/injected.ts'
import type { Violation } from '../api/fault.ts'
import { arnKinds, formatViolation, isArnViolation, isWritten, resolveArns, violations } from '../api/rules.ts'
import type { ArnField, Condition, ResolvedArns, TopicTen, WrittenSpec } from '../api/topicten.ts'
import { kindName, type Kept, type Reference, referencesOf } from './reference.ts'

/** What the watch of a kind knows of one reference. */
export type Found =
  | { state: 'value', value: Kept }
  | { state: 'nothing', hasObject: boolean }
  /** Not read yet: it soon will be. */
  | { state: 'pending' }
  /** The kind cannot be read; `message` says why, for people. */
  | { state: 'closed', reason: 'NotFound' | 'Forbidden', message: string }

export type ArnsVerdict = Pick<Condition, 'status' | 'reason' | 'message'>

export type Decision =
  /** Nothing is known yet; whoever learns it calls again. */
  | { act: 'wait' }
  /** There never were good ARNs: no Deployment is made. */
  | { act: 'withhold', verdict: ArnsVerdict, stalled: 'InvalidArn' | undefined }
  | Settlement

export interface Settlement {
  act: 'settle'
  resolved: ResolvedArns
  /** Pods may only be made once the status has these ARNs, since admission reads them there. */
  isNew: boolean
  /** undefined: all is written. */
  verdict: ArnsVerdict | undefined
  stalled: 'InvalidArn' | 'ArnVanished' | undefined
}

interface Obstacle {
  reason: 'NotFound' | 'Forbidden' | 'NotAnArn'
  message: string
}

/** Only for a spec without violations. */
export function decideArns (topicTen: TopicTen, look: (reference: Reference) => Found): Decision {
  const { spec } = topicTen
  if (isWritten(spec)) return { act: 'settle', resolved: resolveArns(spec), isNew: false, verdict: undefined, stalled: undefined }
  const references = referencesOf(topicTen)
  const found = references.map(reference => ({ reference, found: look(reference) }))
  if (found.some(({ found }) => found.state === 'pending')) return whilePending(topicTen)
  const obstacles = found.flatMap(({ reference, found }) => obstacle(reference, found))
  if (obstacles.length > 0) return withObstacles(topicTen, obstacles)
  const written = { ...spec, ...Object.fromEntries(found.map(({ reference, found }) => [reference.field, valueOf(found)])) } as WrittenSpec
  for (const { field } of references) delete written[`${field}From`]
  const faults = violations(written)
  if (faults.length > 0) return withObstacles(topicTen, [{ reason: 'NotAnArn', message: faults.map(fault => formatFound(fault, references)).join('; ') }])
  const resolved = resolveArns(written)
  const verdict = { status: 'True', reason: 'Resolved', message: 'All ARNs that are referred to were found' } as const
  return { act: 'settle', resolved, isNew: !isSame(resolved, topicTen.status?.resolved), verdict, stalled: undefined }
}

/** The condition stays as it was; a new generation is not judged on what was found for another. */
function whilePending (topicTen: TopicTen): Decision {
  const { status } = topicTen
  const before = conditionNow(topicTen, 'ArnsResolved')
  if (status?.resolved === undefined || before === undefined) return { act: 'wait' }
  const stalled = conditionNow(topicTen, 'Stalled')?.reason
  return {
    act: 'settle',
    resolved: injectedArns(status.resolved),
    isNew: false,
    verdict: { status: before.status, reason: before.reason, message: before.message },
    stalled: stalled === 'InvalidArn' || stalled === 'ArnVanished' ? stalled : undefined
  }
}

const gravest = ['NotAnArn', 'Forbidden', 'NotFound'] as const

function withObstacles (topicTen: TopicTen, obstacles: Obstacle[]): Decision {
  const reason = gravest.find(each => obstacles.some(obstacle => obstacle.reason === each)) ?? 'NotFound'
  const verdict = { status: 'False', reason, message: obstacles.map(({ message }) => message).join('; ') } as const
  const invalid = reason === 'NotAnArn' ? 'InvalidArn' as const : undefined
  const { resolved } = topicTen.status ?? {}
  if (resolved === undefined) return { act: 'withhold', verdict, stalled: invalid }
  const vanished = reason === 'NotFound' && hadAll(topicTen) ? 'ArnVanished' as const : undefined
  return { act: 'settle', resolved: injectedArns(resolved), isNew: false, verdict, stalled: invalid ?? vanished }
}

/** Whether the ARNs that this generation refers to were there before: what a change of the spec refers to may yet come. */
function hadAll (topicTen: TopicTen): boolean {
  const stalled = conditionNow(topicTen, 'Stalled')?.reason
  return conditionNow(topicTen, 'ArnsResolved')?.status === 'True' || stalled === 'ArnVanished' || stalled === 'InvalidArn'
}

function conditionNow ({ metadata, status }: TopicTen, type: Condition['type']): Condition | undefined {
  return status?.conditions?.find(condition => condition.type === type && condition.observedGeneration === metadata.generation)
}

function obstacle (reference: Reference, found: Found): Obstacle[] {
  const { field, key, path } = reference
  const [namespace, name] = key.split('/')
  const which = `spec.${field}From: ${kindName(reference)} "${name}"`
  switch (found.state) {
    case 'closed':
      return [{ reason: found.reason, message: `spec.${field}From: ${found.message}` }]
    case 'nothing':
      return [{
        reason: 'NotFound',
        message: found.hasObject ? `${which} has nothing at ${path}` : `spec.${field}From: there is no ${kindName(reference)} "${name}" in the namespace ${namespace}`
      }]
    case 'value':
      return isFit(field, found.value) ? [] : [{ reason: 'NotAnArn', message: unfit(which, reference, found.value) }]
    case 'pending':
      return []
  }
}

function isFit (field: ArnField, value: Kept): boolean {
  return typeof value === 'string' && arnKinds[field].parse(value).ok
}

/** Names object, path, type and length; never what was found, which its reader may not be allowed to read. */
function unfit (which: string, { field, path }: Reference, value: Kept): string {
  const what = typeof value === 'string' ? `a text of ${value.length} characters` : value.what
  const { form: { what: kind, form } } = arnKinds[field]
  return `${which} has at ${path} ${what}, which is no ARN of ${kind}; expected ${form}`
}

/** Each ARN is sound by itself here, so it may be named. */
function formatFound (violation: Violation, references: readonly Reference[]): string {
  const referred = isArnViolation(violation) && references.some(({ field }) => violation.field === `spec.${field}`)
  return formatViolation(referred ? { ...violation, field: `${violation.field}From` } : violation)
}

function valueOf (found: Found): unknown {
  return found.state === 'value' ? found.value : undefined
}

function isSame (resolved: ResolvedArns, before: ResolvedArns | undefined): boolean {
  return before !== undefined && JSON.stringify(resolved) === JSON.stringify(injectedArns(before))
}
