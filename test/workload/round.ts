import fc from 'fast-check'
import t from 'tap'
import type { MessageRecord } from '../../workload/record.ts'
import {
  addToBacklog, afterBegin, afterStep, isHalf, missingSteps, newDelivery, nextStep, unfinished, type Delivery, type Step
} from '../../workload/round.ts'

const record = (id: string): MessageRecord =>
  ({ id, time: '2026-01-02T03:04:05.678Z', namespace: 'default', pod: 'web-1', stream: 'default/web-1/10.0.0.7', message: 'hello' })
const delivery = (done: Step[], begun: Step[] = [], id = 'a'): Delivery => ({ record: record(id), done, begun })

const table: [string, Delivery, { next: Step | undefined, missing: Step[], half: boolean, perhaps: Step[] }][] = [
  ['a new message', newDelivery(record('a')), { next: 'encrypt', missing: ['encrypt', 'store', 'log'], half: false, perhaps: [] }],
  ['an encrypted one', delivery(['encrypt']), { next: 'store', missing: ['store', 'log'], half: false, perhaps: [] }],
  ['one that may be stored', delivery(['encrypt'], ['store']), { next: 'store', missing: ['store', 'log'], half: true, perhaps: ['store'] }],
  ['a stored one', delivery(['encrypt', 'store']), { next: 'log', missing: ['log'], half: true, perhaps: [] }],
  ['a stored one that may be logged', delivery(['encrypt', 'store'], ['log']), { next: 'log', missing: ['log'], half: true, perhaps: ['log'] }],
  ['a complete one', delivery(['encrypt', 'store', 'log']), { next: undefined, missing: [], half: false, perhaps: [] }]
]
for (const [name, given, { next, missing, half, perhaps }] of table) {
  t.equal(nextStep(given), next, `${name}: next step`)
  t.strictSame(missingSteps(given), missing, `${name}: missing steps`)
  t.equal(isHalf(given), half, `${name}: half`)
  t.strictSame(unfinished(given), { id: 'a', missing, perhaps }, `${name}: report`)
}

t.test('a step that is done is no longer perhaps done', async t => {
  const sealed = { keyArn: 'k', context: true, ciphertext: 'c' }
  const stored = afterStep(afterBegin(afterBegin(afterStep(newDelivery(record('a')), 'encrypt', sealed), 'store'), 'store'), 'store')
  t.strictSame(stored, { record: record('a'), sealed, done: ['encrypt', 'store'], begun: [] })
})

t.test('a full backlog gives up the oldest message that is nowhere, else the oldest', async t => {
  const half = (id: string) => delivery(['encrypt', 'store'], [], id)
  const nowhere = (id: string) => delivery(['encrypt'], [], id)
  t.strictSame(addToBacklog([half('a'), nowhere('b')], nowhere('c'), 3), { kept: [half('a'), nowhere('b'), nowhere('c')] })
  t.strictSame(addToBacklog([half('a'), nowhere('b')], nowhere('c'), 2), { kept: [half('a'), nowhere('c')], given: nowhere('b') })
  t.strictSame(addToBacklog([half('a'), half('b')], half('c'), 2), { kept: [half('b'), half('c')], given: half('a') })
})

t.test('in whatever order they come, the backlog is oldest first, and none is lost unsaid', async t => {
  const anyIds = fc.uniqueArray(fc.constantFrom(...'abcdefghijkl'))
  t.doesNotThrow(() => fc.assert(fc.property(anyIds, fc.integer({ min: 1, max: 5 }), (ids, cap) => {
    let backlog: Delivery[] = []
    const given: string[] = []
    for (const id of ids) {
      const next = addToBacklog(backlog, delivery([], [], id), cap)
      backlog = next.kept
      if (next.given !== undefined) given.push(next.given.record.id)
    }
    const kept = backlog.map(({ record: { id } }) => id)
    return kept.length <= cap && kept.join() === kept.toSorted().join() && [...kept, ...given].toSorted().join() === ids.toSorted().join()
  })))
})
