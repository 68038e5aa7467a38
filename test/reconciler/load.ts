// A thousand TopicTens at once on a control plane of their own, and how often each was written.
import t from 'tap'
import type { TopicTen } from '../../api/topicten.ts'
import { privateControlPlane } from '../fixtures/control-plane.ts'
import { startStage } from '../fixtures/stage.ts'
import { manifest } from '../fixtures/topicten.ts'

const count = 1000

t.test('a thousand TopicTens all reach one, with one write for each step and none to spare', async t => {
  const plane = await privateControlPlane(t, { audit: true })
  const { watcher, requests } = await startStage(t, { COUNTDOWN_INTERVAL_SECONDS: '2', RECONCILE_CONCURRENCY: '16' }, { plane })
  // Its ReplicaSets and pods are not what is tested, and take minutes.
  process.kill(plane.pid('kube-controller-manager'), 'SIGSTOP')
  t.teardown(() => process.kill(plane.pid('kube-controller-manager'), 'SIGCONT'))
  const names = Array.from({ length: count }, (_, index) => `tt-${index}`)
  const replicasOf = (index: number) => 2 + index % 4
  const path = watcher.path('').slice(0, -1)
  await Promise.all(names.map((name, index) =>
    watcher.client.request('POST', path, { body: manifest(name, { replicas: replicasOf(index) }), timeoutMs: 60_000 })))
  const isDone = ({ status }: TopicTen) => status?.currentReplicas === 1
  await watcher.until('all at one', () => watcher.topicTens.size === count && [...watcher.topicTens.values()].every(isDone), 240_000)

  const wrong = names.filter((name, index) => watcher.replicas(name).join() !== [5, 4, 3, 2, 1].slice(3 - index % 4).join())
  t.strictSame(wrong, [], 'each went down by one at a time')
  const gaps = names.flatMap(name => watcher.steps(name).slice(1).map(({ at }, index) => at - watcher.steps(name)[index]!.at))
  t.comment(`least gap ${Math.min(...gaps).toFixed(0)} ms, greatest ${Math.max(...gaps).toFixed(0)} ms`)
  const asked = (await requests()).filter(({ verb }) => verb === 'patch')
  const written = (resource: string, code: number) => asked.filter(entry => entry.resource === resource && entry.code === code).length
  // On a machine so busy that we hung up before the answer, such a write may have been done or not.
  const unanswered = written('deployments', 504)
  const steps = names.reduce((sum, _, index) => sum + replicasOf(index) - 1, 0)
  const [creates, changes] = [written('deployments', 201), written('deployments', 200)]
  t.ok(creates <= count && changes <= steps, 'at most one create each, and one write a step')
  t.ok(creates + changes + unanswered >= count + steps, `${creates + changes} were answered, ${unanswered} not`)
  const statuses = written('topictens/status', 200)
  t.ok(statuses <= count + steps, `${statuses} status writes for ${count + steps} visible changes`)
})
