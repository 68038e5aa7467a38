import t from 'tap'
import { jsonOf } from '../../../workload/reader/json.ts'
import type { Verdict } from '../../../workload/reader/compare.ts'

const subject = { namespace: 'shop', name: 'demo' }
const verdict: Verdict = { id: 'i', time: 0, pod: 'p', state: 'verified', message: 'hello', stored: 1, logged: 1 }
const none = { verified: 0, duplicated: 0, expired: 0, pending: 0, 'stored-only': 0, 'logged-only': 0, differs: 0, undecryptable: 0 }

await t.test('messages and summary have stable names', async t => {
  const messages: Verdict[] = [verdict, { id: 'j', time: Infinity, pod: 'q', state: 'differs', reason: 'why', stored: 1, logged: 2 }]
  t.strictSame(JSON.parse(jsonOf(subject, messages, 3)), {
    namespace: 'shop',
    name: 'demo',
    messages: [
      { id: 'i', time: '1970-01-01T00:00:00.000Z', pod: 'p', state: 'verified', message: 'hello', stored: 1, logged: 1 },
      { id: 'j', time: null, pod: 'q', state: 'differs', reason: 'why', stored: 1, logged: 2 }
    ],
    summary: { messages: 2, pods: 2, agree: false, states: { ...none, verified: 1, differs: 1 }, foreign: 3 }
  })
})

await t.test('nothing found is an empty list that agrees', async t => {
  t.strictSame(JSON.parse(jsonOf(subject, [], 0)), {
    ...subject, messages: [], summary: { messages: 0, pods: 0, agree: true, states: none, foreign: 0 }
  })
})

await t.test('a message is a line, and cannot command the terminal', async t => {
  const json = jsonOf(subject, [{ ...verdict, message: '\u001b[2J\u009b\n' }], 0)
  t.equal(json.split('\n').length, 9)
  t.notMatch(json, /[^\n\P{C}]/u)
  t.match(JSON.parse(json), { messages: [{ message: '\u001b[2J\u009b\n' }] })
})
