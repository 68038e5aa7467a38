// Two replicas behind a Service, replaced one after the other while the API server sends 200 admissions a second and the
// certificates and their authority are renewed.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { streamAdmissions } from '../fixtures/admissions.ts'
import { sharedControlPlane } from '../fixtures/control-plane.ts'
import { ownAddress, startReplica } from '../fixtures/replica-set.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'
import { stageWebhooks } from '../fixtures/webhooks.ts'

const address = ownAddress()
const skip = address === undefined && 'this machine has no address but the loopback ones, which an EndpointSlice refuses'

t.test('a rollout loses no admission', { skip }, async t => {
  const plane = await sharedControlPlane(t)
  const stage = await stageWebhooks(t, plane, { 'webhook.url': '' })
  const { client } = await watchNamespace(t, plane, stage.namespace)
  const times = { lifetimes: { authorityMs: 12_000, leafMs: 6_000, overlapMs: 2_000 }, checkMs: 100, settleMs: 500 }
  const start = (round: number) => startReplica(t, plane, stage, `topicten-${round}`, address!, times)
  const serving = [await start(0), await start(1)]
  await plane.kubectl(['create', `--namespace=${stage.namespace}`, '--filename=-'], JSON.stringify(manifest('alpha', { suspend: true })))
  // Endpoints reach the API server after a moment.
  await delay(500)
  const all = [...serving]
  const admissions = streamAdmissions(client, stage.namespace, 200)
  const said = () => all.flatMap(({ operator }) => operator.log.lines)
  const rotations = () => said().filter(({ fields }) => fields['why'] === 'the new authority is trusted').length
  for (let round = 2; round < 6 || rotations() === 0; round++) {
    const replica = await start(round)
    serving.push(replica)
    all.push(replica)
    await serving.shift()!.stop()
  }
  const { sent, failures } = await admissions.stop()
  t.ok(sent > 1000, `${sent} admissions`)
  t.strictSame(failures, [])
  t.strictSame(said().filter(({ level }) => level === 'error'), [])
})
