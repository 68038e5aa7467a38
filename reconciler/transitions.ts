// Which Events a change of status is worth: one for each condition that came to another reason.
import { apiVersion, kind } from '../api/names.ts'
import type { Condition, TopicTen } from '../api/topicten.ts'

export interface Transition {
  regarding: { apiVersion: string, kind: string, namespace: string, name: string, uid: string, resourceVersion: string }
  type: 'Normal' | 'Warning'
  reason: string
  action: 'Reconcile'
  note: string
}

const troubles = new Set([
  'NameTaken', 'InvalidSpec', 'InvalidArn', 'ArnVanished', 'Forbidden', 'NotAnArn', 'PodsRefused', 'ProgressDeadlineExceeded'
])

/** How a TopicTen starts is no transition: it would be an Event that says nothing. */
const beginnings = new Set(['CountingDown', 'RollingOut', 'Resolved'])

/**
 * The Events of the step from `before` to `after`; Reconciling repeats what Ready says, and Ready and ArnsResolved what Stalled does.
 * That ARNs are waited for is told by ArnsResolved, with where they should be.
 */
export function transitionsOf (before: TopicTen, after: TopicTen): Transition[] {
  const regarding = referenceTo(after)
  const conditions = after.status?.conditions ?? []
  const stalled = conditions.some(({ type }) => type === 'Stalled')
  return conditions.filter(condition => isWorthTelling(condition, before, stalled)).map(({ reason, message }) => ({
    regarding, type: troubles.has(reason) ? 'Warning' : 'Normal', reason, action: 'Reconcile', note: message
  }))
}

export function referenceTo ({ metadata }: TopicTen): Transition['regarding'] {
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = metadata
  return { apiVersion, kind, namespace, name, uid, resourceVersion }
}

function isWorthTelling ({ type, reason }: Condition, before: TopicTen, stalled: boolean): boolean {
  if (type === 'Reconciling' || reason === 'WaitingForArns') return false
  if (stalled && (type === 'Ready' || type === 'ArnsResolved')) return false
  const former = before.status?.conditions?.find(condition => condition.type === type)
  return former === undefined ? !beginnings.has(reason) : former.reason !== reason
}
