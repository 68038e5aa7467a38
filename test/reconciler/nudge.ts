import t, { type Test } from 'tap'
import type { Client } from '../../cluster/client.ts'
import { ApiError } from '../../cluster/errors.ts'
import { createNudges } from '../../reconciler/nudge.ts'
import type { ObservedDeployment } from '../../reconciler/observed.ts'
import { keepLog } from '../fixtures/log.ts'
import { aDeployment } from '../fixtures/topicten.ts'

const away = 'Internal error occurred: failed calling webhook "pods.topictens.app.lyc-handson-aws.com": failed to call webhook: EOF'

function failing (message: string, status = 'True'): ObservedDeployment {
  return aDeployment({ status: { conditions: [{ type: 'ReplicaFailure', status, message }] } })
}

/** Nudges with a clock that stands still, and the paths they patched. */
function arrange (t: Test, { refuse }: { refuse?: ApiError } = {}) {
  const patched: string[] = []
  const state = { answering: true, clock: 0 }
  const log = keepLog()
  const mergePatch = async (path: string) => {
    patched.push(path)
    if (refuse) throw refuse
  }
  const nudges = createNudges({
    client: { mergePatch } as unknown as Client,
    guard: () => {},
    isAnswering: () => state.answering,
    now: () => 0,
    monotonic: () => state.clock,
    lookMs: 1,
    log
  })
  const ended = new AbortController()
  t.teardown(() => { ended.abort() })
  const looks = () => new Promise(resolve => setTimeout(resolve, 30))
  return { nudges, patched, state, looks, lines: log.lines, signal: ended.signal, end: () => { ended.abort() } }
}

const path = '/apis/apps/v1/namespaces/team/deployments/alpha'

const cases: Record<string, [ObservedDeployment, number]> = {
  'our webhook was away': [failing(away), 1],
  'our webhook refused them for a reason': [failing('admission webhook "pods.topictens.app.lyc-handson-aws.com" denied the request: no TopicTen'), 0],
  'another webhook was away': [failing('failed calling webhook "pods.example.com": EOF'), 0],
  'a quota is used up': [failing('pods "alpha-x" is forbidden: exceeded quota'), 0],
  'they no longer are': [failing(away, 'False'), 0],
  'nothing is wrong': [aDeployment(), 0]
}
for (const [name, [deployment, count]] of Object.entries(cases)) {
  t.test(`pods refused because ${name}: ${count} nudge`, async t => {
    const { nudges, patched, looks, signal } = arrange(t)
    nudges.saw('team/alpha', deployment)
    nudges.lead(signal)
    await looks()
    t.strictSame(patched, Array.from({ length: count }, () => path))
  })
}

t.test('tries grow apart and end when the pods are there', async t => {
  const { nudges, patched, state, looks, signal } = arrange(t)
  nudges.saw('team/alpha', failing(away))
  nudges.lead(signal)
  await looks()
  const seen: number[] = []
  for (const second of [4.9, 5, 14.9, 15, 34.9, 35]) {
    state.clock = second * 1000
    nudges.saw('team/alpha', failing(away))
    await looks()
    seen.push(patched.length)
  }
  t.strictSame(seen, [1, 2, 2, 3, 3, 4])
  nudges.saw('team/alpha', aDeployment())
  state.clock = 1e9
  await looks()
  t.equal(patched.length, 4)
})

t.test('nothing is tried before the webhook answers, nor after the lease is lost', async t => {
  const { nudges, patched, state, looks, signal, end } = arrange(t)
  state.answering = false
  nudges.saw('team/alpha', failing(away))
  nudges.lead(signal)
  await looks()
  t.strictSame(patched, [])
  end()
  state.answering = true
  await looks()
  t.strictSame(patched, [])
})

t.test('a Deployment that is gone is nothing to speak of; a refusal is told', async t => {
  for (const [code, told] of [[404, 0], [409, 0], [403, 1]] as const) {
    const { nudges, patched, looks, lines, signal } = arrange(t, { refuse: new ApiError('no', code) })
    nudges.saw('team/alpha', failing(away))
    nudges.lead(signal)
    await looks()
    t.equal(patched.length, 1)
    t.equal(lines.length, told)
  }
})
