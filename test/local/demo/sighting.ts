import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import type { TopicTenStatus } from '../../../api/topicten.ts'
import { lineOf, sightingOf, stepsOf, tableOf } from '../../../local/demo/sighting.ts'
import { aTopicTen } from '../../fixtures/topicten.ts'

const at = Date.parse('2026-01-01T10:00:00.000Z')
const stamp = { message: 'as told', observedGeneration: 1, lastTransitionTime: '2026-01-01T10:00:00Z' }
const ready = { type: 'Ready', status: 'True', reason: 'Available', ...stamp } as const

function seen (status: Partial<TopicTenStatus>, time = at) {
  return sightingOf(aTopicTen({}, { status: { observedGeneration: 1, ...status } }), time)
}

await t.test('a TopicTen without a status is pending', async t => {
  t.strictSame(sightingOf(aTopicTen(), at), {
    at, name: 'alpha', from: 5, replicas: undefined, nextStep: undefined, ready: 'Unknown', reason: 'Pending', done: false, stalled: undefined
  })
})

await t.test('its conditions say whether it is done, and whether it is stalled', async t => {
  t.equal(seen({ conditions: [ready, { type: 'CountedDown', status: 'True', reason: 'Done', ...stamp }] }).done, true)
  t.equal(seen({ conditions: [{ type: 'CountedDown', status: 'False', reason: 'CountingDown', ...stamp }] }).done, false)
  t.equal(seen({ conditions: [{ type: 'Stalled', status: 'True', reason: 'NameTaken', ...stamp }] }).stalled, 'as told')
})

await t.test('a row shows the seconds to the next step as of now, never less than none', async t => {
  const counting = seen({ currentReplicas: 4, nextStepTime: '2026-01-01T10:00:05.000Z', conditions: [ready] })
  const rows = (now: number) => stripVTControlCharacters(tableOf([counting, seen({})], now)).split('\n')
  t.strictSame(rows(at), [
    'NAME    REPLICAS       NEXT STEP   READY     REASON',
    'alpha   ●●●●○ 4 of 5   5 s         True      Available',
    'alpha   ○○○○○ 0 of 5   -           Unknown   Pending'
  ])
  t.match(rows(at + 4_900)[1], / 1 s /)
  t.match(rows(at + 7_000)[1], / 0 s /)
  t.equal(lineOf(counting), 'alpha: 4 of 5 replicas, next step in 5 s, ready True, Available')
})

await t.test('more replicas than the countdown starts at are all shown', async t => {
  t.match(stripVTControlCharacters(tableOf([seen({ currentReplicas: 7 })], at)), /●●●●● 7 of 5/)
})

await t.test('the steps are the changes of the number alone', async t => {
  const sightings = [
    seen({}), seen({ currentReplicas: 5 }, at + 100),
    seen({ currentReplicas: 5, conditions: [ready] }, at + 900), seen({ currentReplicas: 4 }, at + 5_150)
  ]
  t.strictSame(stripVTControlCharacters(stepsOf(sightings)).split('\n').slice(1).map(line => line.replace(/^\S+ +/, '')), [
    '●●●●● 5 of 5   the Deployment is made',
    '●●●●○ 4 of 5   one less after 5.0 s'
  ])
})
