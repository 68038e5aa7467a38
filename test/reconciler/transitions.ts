import t from 'tap'
import type { Condition } from '../../api/topicten.ts'
import { transitionsOf } from '../../reconciler/transitions.ts'
import { aTopicTen } from '../fixtures/topicten.ts'

const with_ = (...conditions: Array<[Condition['type'], string]>) => aTopicTen({}, {
  status: {
    observedGeneration: 1,
    conditions: conditions.map(([type, reason]) => ({ type, reason, status: 'True', message: `${reason}!`, observedGeneration: 1, lastTransitionTime: '' }))
  }
})

const cases: Record<string, [ReturnType<typeof with_>, ReturnType<typeof with_>, string[]]> = {
  'the start is no transition': [with_(), with_(['Ready', 'RollingOut'], ['Reconciling', 'Progressing'], ['CountedDown', 'CountingDown']), []],
  'the roll-out ends': [with_(['Ready', 'RollingOut'], ['Reconciling', 'Progressing']), with_(['Ready', 'Available']), ['Normal Available']],
  'nothing changed': [with_(['Ready', 'Available']), with_(['Ready', 'Available']), []],
  'the countdown ends': [with_(['CountedDown', 'CountingDown']), with_(['CountedDown', 'Done']), ['Normal Done']],
  'counting again': [with_(['CountedDown', 'Done']), with_(['CountedDown', 'CountingDown']), ['Normal CountingDown']],
  'a fault is told once': [with_(), with_(['Ready', 'InvalidSpec'], ['Stalled', 'InvalidArn']), ['Warning InvalidArn']],
  'pods refused': [with_(['Ready', 'Available']), with_(['Ready', 'PodsRefused']), ['Warning PodsRefused']]
}
for (const [name, [before, after, expected]] of Object.entries(cases)) {
  t.strictSame(transitionsOf(before, after).map(({ type, reason }) => `${type} ${reason}`), expected, name)
}

t.strictSame(transitionsOf(with_(['CountedDown', 'CountingDown']), with_(['CountedDown', 'Done']))[0], {
  regarding: { apiVersion: 'app.lyc-handson-aws.com/v1alpha1', kind: 'TopicTen', namespace: 'team', name: 'alpha', uid: 'uid-1', resourceVersion: '10' },
  type: 'Normal',
  reason: 'Done',
  action: 'Reconcile',
  note: 'Done!'
}, 'an Event says what it is about')
