import t from 'tap'
import { intervalMs, pause, pauseMs } from '../../workload/schedule.ts'

t.equal(intervalMs(30, 60, 0), 30, 'the shortest interval')
t.equal(intervalMs(30, 60, 0.5), 45, 'one in between')

const pauses: [string, [number, number, number], number][] = [
  ['a round that took no time', [1000, 60, 1000], 60],
  ['a round that took a while', [1000, 60, 1020], 40],
  ['a round that took too long', [1000, 60, 2000], 0],
  ['a clock that was set back', [1000, 60, 10], 60]
]
for (const [name, times, expected] of pauses) t.equal(pauseMs(...times), expected, name)

t.test('a pause ends when it is told to', async t => {
  const stop = new AbortController()
  const paused = pause(600_000, stop.signal)
  stop.abort()
  await t.resolves(paused)
  await t.resolves(pause(1, new AbortController().signal))
})
