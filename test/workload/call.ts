import t from 'tap'
import { timedCalls } from '../../workload/call.ts'
import { CallTimeout } from '../../workload/faults.ts'

const never = new AbortController().signal
const hang = () => new Promise<never>(() => {})

t.test('a call that hangs ends in its time, even when it heeds no signal', async t => {
  await t.rejects(timedCalls(10)(never, hang), { constructor: CallTimeout, message: 'no answer within 0.01 s' })
})

t.test('the signal of a call aborts when its time is over', async t => {
  let given: AbortSignal | undefined
  await t.rejects(timedCalls(10)(never, signal => { given = signal; return hang() }))
  t.equal(given?.aborted, true)
})

t.test('when the process must end, a call ends with its reason, and none begins', async t => {
  const stop = new AbortController()
  const call = timedCalls(60_000)
  const running = call(stop.signal, hang)
  stop.abort(new Error('enough'))
  await t.rejects(running, { message: 'enough' })
  await t.rejects(call(stop.signal, async () => t.fail('began')), { message: 'enough' })
})

t.test('what a call gives or throws comes through', async t => {
  t.equal(await timedCalls(60_000)(never, async () => 7), 7)
  await t.rejects(timedCalls(60_000)(never, async () => { throw new Error('no') }), { message: 'no' })
})
