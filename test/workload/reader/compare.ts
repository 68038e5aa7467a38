import t from 'tap'
import {
  type LoggedMessage, type StoredMessage, type Verdict, compare, isAgreement, tally, timeOf
} from '../../../workload/reader/compare.ts'

const id = '019876d9-5c00-7abc-8def-0123456789ab'
const time = timeOf(id, 0)
const pod = 'demo-7d4b9c6f5d-x2v4z'
const later = { settledBefore: time + 1 }

const stored = (message = 'hello', more: Partial<StoredMessage> = {}): StoredMessage => ({ id, pod, time, message, ...more })
const logged = (message = 'hello', more: Partial<LoggedMessage> = {}): LoggedMessage => ({ id, pod, time, opened: { ok: true, message }, ...more })
const sealed = (reason: string): LoggedMessage => logged('', { opened: { ok: false, reason } })
const other = 'demo-7d4b9c6f5d-b5b5b'

interface Case {
  stored?: StoredMessage[]
  logged?: LoggedMessage[]
  storedFrom?: number
  settledBefore?: number
  expected: { [K in keyof Verdict]?: Verdict[K] | undefined }[]
}

const cases: Record<string, Case> = {
  'stored and logged the same is verified': {
    stored: [stored()], logged: [logged()], expected: [{ id, time, pod, state: 'verified', message: 'hello', stored: 1, logged: 1 }]
  },
  'what is not in the log is stored only': {
    stored: [stored()], expected: [{ state: 'stored-only', message: 'hello', stored: 1, logged: 0 }]
  },
  'what is not in storage is logged only': {
    logged: [logged()], expected: [{ state: 'logged-only', message: 'hello', stored: 0, logged: 1 }]
  },
  'what was just stored may still be logged': {
    stored: [stored()], settledBefore: time, expected: [{ state: 'pending', reason: 'stored only, but just made' }]
  },
  'what was just logged may be stored since storage was read': {
    logged: [logged()], settledBefore: time, expected: [{ state: 'pending', reason: 'logged only, but just made' }]
  },
  'what is older than the page is not missing': {
    logged: [logged()], storedFrom: time + 1, expected: [{ state: 'expired', reason: 'older than what the page keeps' }]
  },
  'what is as old as the page is missing': {
    logged: [logged()], storedFrom: time, expected: [{ state: 'logged-only' }]
  },
  'two texts differ': {
    stored: [stored('hallo')], logged: [logged()], expected: [{ state: 'differs', reason: 'stored is "hallo"', message: 'hello' }]
  },
  'texts that differ in white space differ': {
    stored: [stored('hello ')], logged: [logged()], expected: [{ state: 'differs' }]
  },
  'an unfit stored thing differs, with its reason': {
    stored: [stored('', { fault: 'the object is no record of a message' })],
    logged: [logged()],
    expected: [{ state: 'differs', reason: 'the object is no record of a message', message: 'hello' }]
  },
  'an unfit stored thing has no message of its own': {
    stored: [stored('', { fault: 'is broken' })], expected: [{ state: 'differs', reason: 'is broken', message: undefined }]
  },
  'a message stored twice differs': {
    stored: [stored(), stored()], logged: [logged()], expected: [{ state: 'differs', reason: 'stored 2 times', stored: 2 }]
  },
  'the same event twice is duplicated': {
    stored: [stored()],
    logged: [logged(), logged()],
    expected: [{ state: 'duplicated', reason: 'logged 2 times', message: 'hello', logged: 2 }]
  },
  'the same event twice without a stored message is logged only': {
    logged: [logged(), logged()], expected: [{ state: 'logged-only', logged: 2 }]
  },
  'two events that differ from each other differ': {
    stored: [stored()],
    logged: [logged(), logged('hallo')],
    expected: [{ state: 'differs', reason: 'the log has 2 different messages of this id' }]
  },
  'a ciphertext that does not open is told with its reason, and the stored text': {
    stored: [stored()], logged: [sealed('changed')], expected: [{ state: 'undecryptable', reason: 'changed', message: 'hello' }]
  },
  'one of two ciphertexts that does not open is told': {
    stored: [stored()],
    logged: [logged(), sealed('changed'), sealed('changed')],
    expected: [{ state: 'undecryptable', reason: 'changed', logged: 3 }]
  },
  'a ciphertext that does not open and has no stored message is told as both': {
    logged: [sealed('changed')], expected: [{ state: 'undecryptable', reason: 'changed; not stored', message: undefined }]
  },
  'an id in two pods\' streams is two messages': {
    stored: [stored()],
    logged: [logged(), logged('hello', { pod: other, opened: { ok: false, reason: 'another pod\'s' } })],
    expected: [{ pod: other, state: 'undecryptable' }, { pod, state: 'verified' }]
  },
  'an id that tells no time has that of where it was found': {
    stored: [stored('hello', { id: 'x', time: 5 })],
    logged: [logged('hello', { id: 'x', time: 6 })],
    expected: [{ id: 'x', time: 5, state: 'verified' }]
  },
  'the oldest is first': {
    stored: [stored('b', { id: 'b', time: 2 }), stored('a', { id: 'a', time: 2 }), stored('c', { id: 'c', time: 1 })],
    expected: [{ id: 'c' }, { id: 'a' }, { id: 'b' }]
  },
  'nothing found is no verdict': { expected: [] }
}

for (const [name, { stored = [], logged = [], expected, ...bounds }] of Object.entries(cases)) {
  await t.test(name, async t => {
    const verdicts = compare(stored, logged, { ...later, ...bounds })
    t.equal(verdicts.length, expected.length)
    t.match(verdicts, expected)
  })
}

await t.test('a difference is quoted, but not at length', async t => {
  const [verdict] = compare([stored('x'.repeat(100_000))], [logged()], later)
  t.ok((verdict?.reason?.length ?? 0) < 300)
})

await t.test('only what is complete, doubled, dropped or under way agrees', async t => {
  const agree = Object.keys(tally([])).filter(state => isAgreement({ state } as Verdict))
  t.strictSame(agree, ['verified', 'duplicated', 'expired', 'pending'])
})

await t.test('a tally names every state', async t => {
  t.strictSame(tally(compare([stored()], [logged(), logged('x', { id: 'x' })], later)), {
    verified: 1, duplicated: 0, expired: 0, pending: 0, 'stored-only': 0, 'logged-only': 1, differs: 0, undecryptable: 0
  })
})

await t.test('the time of a UUID v7 is its first 48 bits', async t => {
  // The example of RFC 9562, appendix A.6.
  t.equal(timeOf('017f22e2-79b0-7cc3-98c4-dc0c0c07398f', 0), 0x17F22E279B0)
  t.equal(timeOf('017f22e2-79b0-4cc3-98c4-dc0c0c07398f', 5), 5)
  t.equal(timeOf('', 5), 5)
})
