import fc from 'fast-check'
import t from 'tap'
import { type Asked, type Counted, type Plan, planCountdown } from '../../reconciler/countdown.ts'

const interval = 60_000
const now = 1_000_000_000

const asked = (rest: Partial<Asked> = {}): Asked => ({ replicas: 5, suspend: false, wasSuspended: false, ...rest })
const counted = (rest: Partial<Counted> = {}): Counted => ({ replicas: 5, stepDue: now, countedFrom: 5, seenForMs: undefined, ...rest })
const counting = (replicas: number, stepDue: number, lookAfterMs: number, countedFrom = 5): Plan =>
  ({ phase: 'CountingDown', target: { replicas, stepDue, countedFrom }, nextStep: stepDue + interval, lookAfterMs })
const still = (phase: Plan['phase'], replicas: number, stepDue = now, countedFrom = 5): Plan =>
  ({ phase, target: { replicas, stepDue, countedFrom }, nextStep: undefined, lookAfterMs: undefined })
const nothing: Plan = { phase: 'Suspended', target: undefined, nextStep: undefined, lookAfterMs: undefined }

const cases: Record<string, [Asked, Counted | undefined, Plan]> = {
  'no Deployment: made with all replicas, first step an interval later': [asked(), undefined, counting(5, now, interval)],
  'before the step is due: waits for it': [asked(), counted({ stepDue: now - 20_000 }), counting(5, now - 20_000, 40_000)],
  'one millisecond early: waits': [asked(), counted({ stepDue: now - interval + 1 }), counting(5, now - interval + 1, 1)],
  'due to the millisecond: one replica less': [asked(), counted({ stepDue: now - interval }), counting(4, now, interval)],
  'late by a tenth of the interval: keeps the grid': [
    asked(), counted({ stepDue: now - interval - 6_000 }), counting(4, now - 6_000, interval - 6_000)],
  'later than that: the grid starts anew': [asked(), counted({ stepDue: now - interval - 6_001 }), counting(4, now, interval)],
  'after an hour of outage: one step, no burst': [asked(), counted({ stepDue: now - 60 * interval }), counting(4, now, interval)],
  'the last step: done': [asked(), counted({ replicas: 2, stepDue: now - interval }), still('Done', 1)],
  'at one: nothing to do': [asked(), counted({ replicas: 1, stepDue: now - interval }), still('Done', 1, now - interval)],
  'at zero: left alone': [asked(), counted({ replicas: 0, stepDue: now - interval }), still('ScaledToZero', 0, now - interval)],
  'scaled up by hand: counted down from there': [
    asked(), counted({ replicas: 9, stepDue: now - 30_000 }), counting(9, now - 30_000, 30_000)],
  'scaled up by hand after the end: the first step at once, as it is long due': [
    asked(), counted({ replicas: 3, stepDue: now - 10 * interval }), counting(2, now, interval)],
  'replicas edited: starts again': [asked({ replicas: 3 }), counted({ replicas: 2 }), counting(3, now, interval, 3)],
  'replicas edited after the end: starts again': [asked({ replicas: 4 }), counted({ replicas: 1 }), counting(4, now, interval, 4)],
  'replicas edited at zero: starts again': [asked({ replicas: 4 }), counted({ replicas: 0 }), counting(4, now, interval, 4)],
  'adopted without annotations: goes on from what is there': [
    asked(), counted({ replicas: 3, stepDue: undefined, countedFrom: undefined }), counting(3, now, interval)],
  'suspended: nothing is written': [asked({ suspend: true }), counted({ stepDue: now - interval }), nothing],
  'suspended before it was made: nothing is made': [asked({ suspend: true }), undefined, nothing],
  'no longer suspended: first step an interval later': [
    asked({ wasSuspended: true }), counted({ stepDue: now - 10 * interval }), counting(5, now, interval)],
  'a time to come counts as now': [asked(), counted({ stepDue: now + 133_000 }), counting(5, now, interval)],
  'a clock behind by less than a tenth: keeps the grid': [
    asked(), counted({ stepDue: now + 5_000 }), counting(5, now + 5_000, interval + 5_000)],
  'the wall clock jumped forward: waits by the clock that does not': [
    asked(), counted({ stepDue: now - 133_000, seenForMs: 10_000 }), counting(5, now - 133_000, 44_000)],
  'seen long enough: steps': [asked(), counted({ stepDue: now - interval, seenForMs: 54_000 }), counting(4, now, interval)]
}

for (const [name, [wanted, there, plan]] of Object.entries(cases)) {
  t.strictSame(planCountdown(wanted, there, now, interval), plan, name)
}

t.test('whenever it is looked at, steps go down by one and come no closer than 0.9 intervals', async t => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 3 * interval }), { minLength: 1, maxLength: 60 }), looks => {
    let at = now
    let state = counted({ replicas: 5 })
    let last = at
    for (const wait of looks) {
      at += wait
      const { target } = planCountdown(asked(), { ...state, seenForMs: at - last }, at, interval)
      if (target === undefined) return false
      if (target.replicas !== state.replicas && (target.replicas !== state.replicas - 1 || at - last < 0.9 * interval)) return false
      if (target.replicas !== state.replicas) last = at
      state = { ...state, ...target }
    }
    return state.replicas >= 1
  }))
})
