// Pods that were refused while no operator ran come soon after one runs again, not when their ReplicaSet next tries.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { retriedAnnotation } from '../../api/names.ts'
import { sharedControlPlane } from '../fixtures/control-plane.ts'
import { runOperator } from '../fixtures/operator.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'
import { stageWebhooks, untilReady } from '../fixtures/webhooks.ts'

// A ReplicaSet that is refused tries again after 5 ms, 10 ms, 20 ms and so on: about 20 s and 41 s after the first refusal.
const outageMs = 23_000
const longBeforeMs = 12_000

t.test('after an outage pods are there long before their ReplicaSet would have tried again', async t => {
  const plane = await sharedControlPlane(t)
  const { namespace, environment } = await stageWebhooks(t, plane)
  const kubectl = (args: string[], input?: string) => plane.kubectl([`--namespace=${namespace}`, ...args], input)
  const watcher = await watchNamespace(t, plane, namespace)
  const slow = { ...environment, COUNTDOWN_INTERVAL_SECONDS: '3600' }
  const available = () => watcher.deployments.get(`${namespace}/alpha`)?.status?.availableReplicas ?? 0
  const failure = () => watcher.deployments.get(`${namespace}/alpha`)?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')

  const before = await runOperator(t, slow)
  await untilReady(before.url)
  await kubectl(['create', '--filename=-'], JSON.stringify(manifest('alpha', { replicas: 3 })))
  await watcher.until('pods', () => available() === 3)
  await before.stop()
  await kubectl(['delete', 'pods', '--all', '--wait=false'])
  await watcher.until('a refusal', () => failure()?.status === 'True')
  t.match(failure()?.message, /failed calling webhook "pods\.topictens\.app\.lyc-handson-aws\.com"/)
  await delay(outageMs)
  t.equal(available(), 0)

  const after = await runOperator(t, slow)
  await untilReady(after.url)
  await watcher.until('pods again', () => available() === 3, longBeforeMs)
  t.equal(failure(), undefined)
  t.ok(watcher.deployments.get(`${namespace}/alpha`)?.metadata?.annotations?.[retriedAnnotation])
  const tries = () => after.log.lines.filter(({ message }) => message === 'refused pods are asked for again').length
  const made = tries()
  t.ok(made >= 1 && made <= 3, `${made} tries`)
  await delay(2_000)
  t.equal(tries(), made, 'and none when there is nothing to mend')
})
