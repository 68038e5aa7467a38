// Two operators, the leader hit in the middle of countdowns: no step is lost or done twice.
import t from 'tap'
import type { V1Lease } from '@kubernetes/client-node'
import { namespace, sharedControlPlane } from '../fixtures/control-plane.ts'
import { installChart, operatorEnvironment, type OperatorProcess, spawnOperator } from '../fixtures/operator.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'

const intervalMs = 1000
const plane = await sharedControlPlane(t)
const ns = await namespace(t, plane)
await installChart(plane, ns)
const watcher = await watchNamespace(t, plane, ns)
const environment = await operatorEnvironment(plane, ns)
const leasePath = `/apis/coordination.k8s.io/v1/namespaces/${ns}/leases/topicten`
const running = new Map<string, OperatorProcess>()
let started = 0

async function start (): Promise<void> {
  const name = `operator-${started++}`
  running.set(name, await spawnOperator(t, { ...environment, POD_NAME: name }))
}

async function leader (): Promise<string> {
  for (;;) {
    const holder = (await watcher.client.get<V1Lease>(leasePath).catch(() => undefined))?.spec?.holderIdentity ?? ''
    if (running.has(holder)) return holder
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** Counts TopicTens down, does something to the leader somewhere in between, and gives what was seen. */
async function countDown (
  round: string, hit: (leader: string, operator: OperatorProcess) => Promise<void>
): Promise<{ seen: string[], leastGap: number }> {
  const names = [0, 1, 2].map(index => `${round}-${index}`)
  const holder = await leader()
  for (const name of names) await plane.kubectl(['create', `--namespace=${ns}`, '--filename=-'], JSON.stringify(manifest(name)))
  await watcher.until('a step', () => watcher.replicas(names[0]!).includes(4))
  await new Promise(resolve => setTimeout(resolve, Math.random() * intervalMs))
  await hit(holder, running.get(holder)!)
  await watcher.until('done', () => names.every(name => watcher.condition(name, 'CountedDown')?.reason === 'Done'))
  const gaps = names.flatMap(name => watcher.steps(name).slice(1).map(({ at }, index) => at - watcher.steps(name)[index]!.at))
  return { seen: names.map(name => watcher.replicas(name).join()), leastGap: Math.min(...gaps) }
}

const whole = Array.from({ length: 3 }, () => '5,4,3,2,1')
// What a watch shows is later than what happened by some milliseconds.
const leastGapMs = 0.85 * intervalMs

await start()
await start()
for (const round of [1, 2]) {
  await t.test(`SIGTERM, round ${round}: the lease is handed over, the countdown goes on`, async t => {
    const { seen, leastGap } = await countDown(`term-${round}`, async (name, operator) => {
      operator.signal('SIGTERM')
      t.strictSame(await operator.exited, [0, null], 'it exits with 0')
      running.delete(name)
    })
    t.strictSame(seen, whole)
    t.ok(leastGap >= leastGapMs, `least gap ${leastGap}`)
    await start()
  })

  await t.test(`SIGKILL, round ${round}: another leads when the lease has run out, the countdown goes on`, async t => {
    const { seen, leastGap } = await countDown(`kill-${round}`, async (name, operator) => {
      operator.signal('SIGKILL')
      await operator.exited
      running.delete(name)
    })
    t.strictSame(seen, whole)
    t.ok(leastGap >= leastGapMs, `least gap ${leastGap}`)
    await start()
  })

  await t.test(`SIGSTOP past the lease, round ${round}: the one that wakes up writes nothing any more`, async t => {
    const { seen, leastGap } = await countDown(`stop-${round}`, async (name, operator) => {
      operator.signal('SIGSTOP')
      running.delete(name)
      t.not(await leader(), name, 'another leads')
      operator.signal('SIGCONT')
      running.set(name, operator)
    })
    t.strictSame(seen, whole)
    t.ok(leastGap >= leastGapMs, `least gap ${leastGap}`)
  })
}
