import t from 'tap'
import { backoffMs, pause } from '../../cluster/backoff.ts'

const backoff = { baseMs: 100, maxMs: 1000 }
const waits: [failures: number, random: number, ms: number][] = [
  [0, 1, 0], [1, 1, 100], [1, 0, 50], [2, 1, 200], [3, 0.5, 300], [5, 1, 1000], [5, 0, 500], [5000, 1, 1000]
]
for (const [failures, random, ms] of waits) {
  t.test(`after ${failures} failures and a draw of ${random} the wait is ${ms} ms`, async t => {
    t.equal(backoffMs(failures, backoff, () => random), ms)
  })
}

t.test('a pause ends when the signal aborts, and at once when it has', async t => {
  const controller = new AbortController()
  const pausing = pause(3_600_000, controller.signal)
  controller.abort()
  await pausing
  await pause(3_600_000, controller.signal)
  await pause(1, new AbortController().signal)
  t.pass('all came back')
})
