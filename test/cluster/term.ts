import t from 'tap'
import { createTerm } from '../../cluster/term.ts'

function termWith (renewDeadlineMs: number) {
  const clock = { ms: 1000 }
  const losses: string[] = []
  const term = createTerm(1000, { renewDeadlineMs, now: () => clock.ms, onLost: why => { losses.push(why) } })
  return { clock, losses, term }
}

t.test('a look at the clock after the deadline ends the term at once and once', async t => {
  const { clock, losses, term } = termWith(60_000)
  t.teardown(term.end)
  clock.ms = 60_999
  t.ok(term.isHeld())
  clock.ms = 61_000
  t.notOk(term.isHeld())
  t.notOk(term.isHeld())
  t.strictSame([term.signal.aborted, losses], [true, ['not renewed in time']])
})

t.test('a renewal counts from its start', async t => {
  const { clock, term } = termWith(60_000)
  t.teardown(term.end)
  term.extend(5000)
  clock.ms = 64_999
  t.strictSame([term.deadline, term.isHeld()], [65_000, true])
})

t.test('without a renewal the timer ends the term', async t => {
  const lost = Promise.withResolvers<string>()
  const term = createTerm(performance.now(), { renewDeadlineMs: 30, now: () => performance.now(), onLost: lost.resolve })
  t.equal(await lost.promise, 'not renewed in time')
  t.ok(term.signal.aborted)
})

t.test('a term that ends is not lost, and cannot be lost any more', async t => {
  const { losses, term } = termWith(60_000)
  term.end()
  term.lose('late')
  t.strictSame([term.isHeld(), term.signal.aborted, losses], [false, true, []])
})
