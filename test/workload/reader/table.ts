import t from 'tap'
import { type Verdict, timeOf } from '../../../workload/reader/compare.ts'
import { summaryOf, tableOf } from '../../../workload/reader/table.ts'

const id = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'
const pod = 'demo-7d4b9c6f5d-x2v4z'
const plain = { width: undefined, colour: false }
const verdict = (more: Partial<Verdict> = {}): Verdict => ({
  id, time: timeOf(id, 0), pod, state: 'verified', message: 'A quiet fox reads.', stored: 1, logged: 1, ...more
})

await t.test('a message is a row', async t => {
  t.equal(tableOf([verdict(), verdict({ state: 'differs', reason: 'stored is "x"' })], plain), `\
ID         TIME                  POD                    STATE     MESSAGE
…0c07398f  2022-02-22T19:22:22Z  demo-7d4b9c6f5d-x2v4z  verified  A quiet fox reads.
…0c07398f  2022-02-22T19:22:22Z  demo-7d4b9c6f5d-x2v4z  differs   (stored is "x") A quiet fox reads.
`)
})

await t.test('no row is wider than the terminal', async t => {
  const rows = ['x'.repeat(5000), '漢'.repeat(200), '🙂'.repeat(200), 'short'].map(message => verdict({ message }))
  const lines = tableOf(rows, { width: 100, colour: false }).split('\n')
  for (const line of lines) t.ok(columns(line) <= 100, line)
  t.match(lines[1], /x…$/)
  t.match(lines[4], /short$/)
})

await t.test('a narrow terminal has the time without its date', async t => {
  t.equal(tableOf([verdict()], { width: 80, colour: false }), `\
ID         UTC       POD                    STATE     MESSAGE
…0c07398f  19:22:22  demo-7d4b9c6f5d-x2v4z  verified  A quiet fox reads.
`)
})

await t.test('a terminal that is too narrow still shows the beginning of a message', async t => {
  t.match(tableOf([verdict()], { width: 10, colour: false }), /A quiet fox/)
})

await t.test('what was found cannot command the terminal', async t => {
  const evil = '\u001b]0;owned\u0007\r\n\u202e'
  const table = tableOf([verdict({ id: `${evil}12`, pod: evil, message: evil, reason: evil })], { width: 200, colour: false })
  t.notMatch(table, /[^\n\P{C}]/u)
  t.equal(table.split('\n').length, 3)
})

await t.test('colours tell agreement where they are wanted', async t => {
  const table = tableOf([verdict(), verdict({ state: 'stored-only' })], { width: 100, colour: true })
  t.match(table, '\u001b[32mverified\u001b[39m')
  t.match(table, '\u001b[31mstored only\u001b[39m')
})

await t.test('a time that no clock shows is a dash', async t => {
  t.match(tableOf([verdict({ time: Infinity })], plain), / {2}- {5}demo/)
})

await t.test('no messages, no table', async t => {
  t.equal(tableOf([], plain), '')
})

await t.test('the summary counts messages, pods and states', async t => {
  t.equal(summaryOf([verdict()], 0), '1 message of 1 pod: 1 verified.\n')
  t.equal(
    summaryOf([verdict(), verdict({ pod: 'other' }), verdict({ state: 'undecryptable' })], 1),
    '3 messages of 2 pods: 2 verified, 1 cannot be decrypted. Left out: 1 object or log line that cannot be read as a message.\n'
  )
  t.equal(summaryOf([], 2), 'No message was found. Left out: 2 objects and log lines that cannot be read as a message.\n')
})

/** Of a terminal: ideographs and emoji take two. */
function columns (line: string): number {
  return [...line].reduce((sum, character) => sum + (/[漢🙂]/u.test(character) ? 2 : 1), 0)
}
