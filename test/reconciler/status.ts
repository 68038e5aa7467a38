import t from 'tap'
import type { V1DeploymentCondition } from '@kubernetes/client-node'
import type { Condition, TopicTenStatus } from '../../api/topicten.ts'
import type { Plan } from '../../reconciler/countdown.ts'
import { type Findings, isSameStatus, nameTaken, statusOf, statusPatch } from '../../reconciler/status.ts'
import { aDeployment, aTopicTen } from '../fixtures/topicten.ts'

const now = new Date('2026-01-02T03:04:05.678Z')
const plan = (phase: Plan['phase'], nextStep?: number): Plan => ({ phase, target: undefined, nextStep, lookAfterMs: undefined })
const findings = (rest: Partial<Findings> = {}): Findings =>
  ({ deployment: aDeployment(), plan: plan('CountingDown', 60_000), resolved: undefined, fault: undefined, ...rest })
const reasons = (status: TopicTenStatus): string[] =>
  status.conditions!.map(({ type, status, reason }) => `${type} ${status} ${reason}`)
const failing = (type: string, reason: string, status = 'True'): V1DeploymentCondition => ({ type, status, reason, message: 'because' })

const deadline = 'ProgressDeadlineExceeded'
const rolling = aDeployment({ status: { observedGeneration: 0, availableReplicas: 0 } })
const fault = { reason: 'InvalidArn', message: 'no' } as const
const cases: Record<string, [Partial<Findings>, string[]]> = {
  'counting down, all pods available': [{}, ['Ready True Available', 'CountedDown False CountingDown']],
  'before the Deployment is there': [{ deployment: undefined },
    ['Ready False RollingOut', 'Reconciling True Progressing', 'CountedDown False CountingDown']],
  'rolling out': [{ deployment: rolling },
    ['Ready False RollingOut', 'Reconciling True Progressing', 'CountedDown False CountingDown']],
  'a pod more than asked for, after a step': [
    { deployment: aDeployment({ replicas: 4, status: { availableReplicas: 5, updatedReplicas: 5 } }) },
    ['Ready True Available', 'CountedDown False CountingDown']],
  'at one': [{ deployment: aDeployment({ replicas: 1 }), plan: plan('Done') }, ['Ready True Available', 'CountedDown True Done']],
  'at zero': [{ deployment: aDeployment({ replicas: 0 }), plan: plan('ScaledToZero') },
    ['Ready True Available', 'CountedDown False ScaledToZero']],
  suspended: [{ plan: plan('Suspended') }, ['Ready True Available', 'CountedDown False Suspended']],
  'suspended at one': [{ plan: plan('Suspended'), deployment: aDeployment({ replicas: 1 }) },
    ['Ready True Available', 'CountedDown True Suspended']],
  'suspended before it was made': [{ plan: plan('Suspended'), deployment: undefined },
    ['Ready False Suspended', 'CountedDown False Suspended']],
  'pods refused': [{ deployment: aDeployment({ status: { conditions: [failing('ReplicaFailure', 'FailedCreate')] } }) },
    ['Ready False PodsRefused', 'Reconciling True Progressing', 'CountedDown False CountingDown']],
  'no progress': [
    { deployment: aDeployment({ status: { availableReplicas: 0, conditions: [failing('Progressing', deadline, 'False')] } }) },
    ['Ready False RollingOut', 'Stalled True ProgressDeadlineExceeded', 'CountedDown False CountingDown']],
  'a fault of the spec': [{ deployment: undefined, plan: undefined, fault },
    ['Ready False InvalidSpec', 'Stalled True InvalidArn']],
  'the name taken': [{ deployment: undefined, plan: undefined, fault: { reason: 'NameTaken', message: 'no' } },
    ['Ready False NameTaken', 'Stalled True NameTaken']]
}
for (const [name, [found, expected]] of Object.entries(cases)) {
  t.strictSame(reasons(statusOf(aTopicTen(), findings(found), now)), expected, name)
}

t.test('a step that the Deployment controller has not seen yet leaves Ready as it is', async t => {
  const before: Condition = { type: 'Ready', status: 'True', reason: 'Available', message: '', observedGeneration: 1, lastTransitionTime: 'T' }
  const unseen = aDeployment({ metadata: { generation: 2 }, replicas: 4 })
  const status = (observedGeneration: number) => {
    const topicTen = aTopicTen({}, { status: { observedGeneration, conditions: [{ ...before, observedGeneration }] } })
    return reasons(statusOf(topicTen, findings({ deployment: unseen }), now))[0]
  }
  t.equal(status(1), 'Ready True Available')
  t.equal(status(0), 'Ready False RollingOut', 'but not after an edit of the TopicTen')
})

t.test('times are those of the steps, and of the transition only when the status changed', async t => {
  const deployment = aDeployment({ replicas: 4, stepDue: 60_000 })
  const first = statusOf(aTopicTen(), findings({ deployment, plan: plan('CountingDown', 120_000) }), now)
  t.strictSame([first.currentReplicas, first.lastStepTime, first.nextStepTime], [4, '1970-01-01T00:01:00.000Z', '1970-01-01T00:02:00.000Z'])
  const later = statusOf(aTopicTen({}, { status: first }), findings({ deployment, plan: plan('Done') }), new Date('2027-01-01T00:00:00Z'))
  t.strictSame(later.conditions!.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    [['Ready', '2026-01-02T03:04:05Z'], ['CountedDown', '2027-01-01T00:00:00Z']])
  t.notOk('nextStepTime' in later)
})

t.test('a status is the same whatever its times of transition and the order of its conditions', async t => {
  const status = statusOf(aTopicTen(), findings(), now)
  const turned = { ...status, conditions: status.conditions!.map(condition => ({ ...condition, lastTransitionTime: 'other' })).reverse() }
  t.ok(isSameStatus(turned, status))
  t.notOk(isSameStatus(undefined, status))
  t.notOk(isSameStatus({ ...status, currentReplicas: 4 }, status))
})

t.test('the last good ARNs stay in the status while the spec is at fault', async t => {
  const resolved = { targetarn: 'a', kmsarn: 'b', cloudwatcharn: 'c', region: 'd' }
  const topicTen = aTopicTen({}, { status: { observedGeneration: 1, resolved } })
  t.strictSame(statusOf(topicTen, findings({ fault, deployment: undefined, plan: undefined }), now).resolved, resolved)
})

t.test('the patch takes away what the status lacks, on the version that was seen', async t => {
  t.strictSame(statusPatch(aTopicTen(), { observedGeneration: 1, currentReplicas: 2, conditions: [] }), {
    metadata: { uid: 'uid-1', resourceVersion: '10' },
    status: { currentReplicas: 2, lastStepTime: null, nextStepTime: null, resolved: null, observedGeneration: 1, conditions: [] }
  })
})

t.test('a Deployment in the way is named with whose it is', async t => {
  t.match(nameTaken(aDeployment({ metadata: { ownerReferences: [] } })).message, /team\/alpha exists and is not ours: it does not carry the label/)
  t.match(nameTaken(aDeployment()).message, /it belongs to TopicTen alpha/)
})
