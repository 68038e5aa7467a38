import { join } from 'node:path'
import t from 'tap'
import type { V1Deployment, V1Pod, V1PodList } from '@kubernetes/client-node'
import { topicTenLabel } from '../../api/names.ts'
import { createReflector } from '../../cluster/reflector.ts'
import { startFakeAws } from '../../local/aws/fake.ts'
import { runCommand } from '../../local/command.ts'
import { encryptionContext, parseLogLine, parseRecord } from '../../workload/record.ts'
import { namespace } from '../fixtures/control-plane.ts'
import { keepLog } from '../fixtures/log.ts'
import { sharedNodePlane, untilServed } from '../fixtures/node.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'

const root = join(import.meta.dirname, '../..')
const intervalSeconds = 8
const account = '111122223333'
const arns = {
  targetarn: 'arn:aws:s3:::topicten-messages',
  kmsarn: `arn:aws:kms:eu-west-3:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
  cloudwatcharn: `arn:aws:logs:eu-central-1:${account}:log-group:/topicten/messages:*`
}

const plane = await sharedNodePlane(t)
const aws = await startFakeAws({ host: plane.hostAddress })
t.teardown(() => aws.close())
aws.createKey({ arn: arns.kmsarn })
aws.createBucket({ name: 'topicten-messages', region: 'eu-west-3', owner: account })
aws.createLogGroup({ arn: arns.cloudwatcharn })

const [operatorNs, ns] = [await restrictedNamespace(), await restrictedNamespace()]
await installOperator()
const watcher = await watchNamespace(t, plane, ns)
const pods = await watchPods()

async function restrictedNamespace (): Promise<string> {
  const name = await namespace(t, plane)
  await plane.kubectl(['label', 'namespace', name, 'pod-security.kubernetes.io/enforce=restricted'])
  return name
}

/** As a user would: the chart, the image, its webhooks at its Service. */
async function installOperator (): Promise<void> {
  const { repository, tag } = partsOf(plane.images.operator.reference)
  const values = {
    'image.repository': repository,
    'image.tag': tag,
    countdownIntervalSeconds: intervalSeconds,
    shutdownDelaySeconds: 1,
    'leaderElection.leaseDurationSeconds': 6,
    'leaderElection.renewDeadlineSeconds': 4,
    'leaderElection.retrySeconds': 1
  }
  await plane.helm([
    'install', 'topicten', join(root, 'deploy/charts/topicten'), `--namespace=${operatorNs}`, '--wait', '--timeout=120s',
    ...Object.entries(values).map(([name, value]) => `--set=${name}=${value}`)
  ]).catch(async (error: unknown) => {
    const [events, logs] = await Promise.all([['events'], ['logs', 'deployment/topicten', '--tail=20']].map(args =>
      plane.kubectl([...args, `--namespace=${operatorNs}`]).catch(String)))
    throw new Error(`the operator does not come up:\n${events}\n${logs}`, { cause: error })
  })
  t.teardown(() => plane.helm(['uninstall', 'topicten', `--namespace=${operatorNs}`]))
  await untilServed(plane, operatorNs, 'topicten', 443)
}

function partsOf (reference: string): { repository: string, tag: string } {
  const at = reference.lastIndexOf(':')
  return { repository: reference.slice(0, at), tag: reference.slice(at + 1) }
}

/** The latest that was seen of each pod of the TopicTen, those that are gone too. */
async function watchPods (): Promise<Map<string, V1Pod>> {
  const seen = new Map<string, V1Pod>()
  const reflector = createReflector<V1Pod>({
    client: watcher.client,
    path: `/api/v1/namespaces/${ns}/pods`,
    project: object => object as V1Pod,
    onChange ({ object }) { if (object?.metadata?.name !== undefined) seen.set(object.metadata.name, object) },
    log: keepLog(),
    backoff: { baseMs: 50, maxMs: 500 }
  })
  reflector.start()
  await reflector.whenSynced()
  t.teardown(() => reflector.stop())
  return seen
}

async function get<T> (namespace: string, ...args: string[]): Promise<T> {
  return JSON.parse(await plane.kubectl(['get', `--namespace=${namespace}`, '--output=json', ...args])) as T
}

await t.test('two replicas of the operator are ready, and its webhooks are called by way of its Service', async t => {
  const deployment = await get<V1Deployment>(operatorNs, 'deployment/topicten')
  t.equal(deployment.status?.availableReplicas, 2)
  const { webhooks } = await get<{ webhooks: { clientConfig: { service?: object, url?: string } }[] }>('', 'mutatingwebhookconfiguration/topicten')
  t.match(webhooks.map(({ clientConfig }) => clientConfig), [{ service: { name: 'topicten', namespace: operatorNs }, url: undefined }])
})

await t.test('the five pods of a TopicTen run our image with the variables of the webhook', async t => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = aws.env
  await plane.kubectl([
    'create', 'secret', 'generic', 'aws', `--namespace=${ns}`,
    `--from-literal=AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID}`, `--from-literal=AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY}`
  ])
  const env = { AWS_ENDPOINT_URL: aws.endpoint, S3_FORCE_PATH_STYLE: 'true', MESSAGE_INTERVAL_MIN_SECONDS: '0.5', MESSAGE_INTERVAL_MAX_SECONDS: '1' }
  await plane.kubectl(['create', `--namespace=${ns}`, '--filename=-'], JSON.stringify(manifest('messages', {
    ...arns,
    image: plane.images.workload.reference,
    credentialsSecret: 'aws',
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
  })))
  await watcher.until('five pods', () => running().length === 5)
  const { items } = await get<V1PodList>(ns, 'pods', `--selector=${topicTenLabel}=messages`)
  const container = items[0]?.spec?.containers[0]
  t.equal(container?.image, plane.images.workload.reference)
  t.match(container?.env?.slice(0, 5), [
    { name: 'STORAGE_ARN', value: arns.targetarn },
    { name: 'AWS_KMS_ARN', value: arns.kmsarn },
    { name: 'AWS_LOG_GROUP_ARN', value: arns.cloudwatcharn },
    { name: 'AWS_REGION' },
    { name: 'MY_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }
  ])
})

function running (): V1Pod[] {
  return [...pods.values()].filter(({ status }) => status?.phase === 'Running' && status.containerStatuses?.[0]?.ready)
}

await t.test('a leader that is killed is replaced, and the countdown goes on exactly', async t => {
  await watcher.until('the first step', () => watcher.replicas('messages').length === 2)
  const { spec } = await get<{ spec: { holderIdentity: string } }>(operatorNs, 'lease/topicten')
  const before = await operatorPods()
  const leader = before.find(name => spec.holderIdentity.startsWith(name))
  t.ok(leader, `the leader ${spec.holderIdentity} is one of ${before.join(' and ')}`)
  await plane.kubectl(['delete', 'pod', leader ?? '', `--namespace=${operatorNs}`, '--grace-period=0', '--force'])

  await watcher.until('the end of the countdown', () => watcher.replicas('messages').at(-1) === 1, 120_000)
  await plane.kubectl(['rollout', 'status', 'deployment/topicten', `--namespace=${operatorNs}`, '--timeout=60s'])
  t.equal((await operatorPods()).filter(name => !before.includes(name)).length, 1, 'there is one that was not there before')
  const steps = watcher.steps('messages')
  t.strictSame(steps.map(({ replicas }) => replicas), [5, 4, 3, 2, 1])
  const pauses = steps.slice(1).map(({ at }, i) => at - steps[i]!.at)
  // A step is never early: not by more than a tenth of the interval, and what the watch may have been late with the one before.
  t.ok(pauses.every(pause => pause > intervalSeconds * 1000 * 0.9 - 1000), `between steps were ${pauses.map(Math.round).join(', ')} ms`)
})

async function operatorPods (): Promise<string[]> {
  const { items } = await get<V1PodList>(operatorNs, 'pods', '--selector=app.kubernetes.io/name=topicten')
  return items.map(({ metadata }) => metadata?.name ?? '')
}

await t.test('the pods ended one by one without an error, and the last message of each is complete', async t => {
  await watcher.until('the end of four pods', () => endedPods().length === 4)
  t.strictSame(endedPods().map(({ status }) => status?.containerStatuses?.[0]?.state?.terminated?.exitCode), [0, 0, 0, 0])
  t.equal(pods.size, 5, 'and no other pod was ever there')
  for (const { metadata } of endedPods()) {
    const pod = metadata?.name ?? ''
    const stored = storedBy(pod)
    t.ok(stored.size > 0, `${pod} wrote ${stored.size} messages`)
    t.strictSame(loggedBy(pod), stored, 'storage and log have the same messages in the same order')
  }
})

function endedPods (): V1Pod[] {
  return [...pods.values()].filter(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed')
}

/** Messages by id, oldest first. */
function storedBy (pod: string): Map<string, string> {
  const records = [...aws.objects('topicten-messages').values()].map(({ content }) => parseRecord(content.toString())!)
  const own = records.filter(record => record.namespace === ns && record.pod === pod)
  return new Map(own.map(({ id, message }) => [id, message] as const).sort())
}

function loggedBy (pod: string): Map<string, string> {
  const streams = [...aws.events(arns.cloudwatcharn)].filter(([name]) => name.startsWith(`${ns}/${pod}/`))
  const lines = streams.flatMap(([, events]) => events.map(({ message }) => parseLogLine(message)!))
  const decrypt = (ciphertext: string) => aws.decrypt(Buffer.from(ciphertext, 'base64'), encryptionContext(ns, pod)).toString()
  return new Map(lines.map(({ id, ciphertext }) => [id, decrypt(ciphertext)] as const).sort())
}

await t.test('the reader finds that log and storage agree', async t => {
  const env = {
    ...aws.env, PATH: process.env['PATH'], STORAGE_ARN: arns.targetarn, AWS_KMS_ARN: arns.kmsarn, AWS_LOG_GROUP_ARN: arns.cloudwatcharn, S3_FORCE_PATH_STYLE: 'true'
  }
  // It would exit with another code and reject.
  const output = await runCommand(process.execPath, [join(root, 'workload/main.ts'), 'read', `--namespace=${ns}`, '--name=messages'], { env })
  t.match(output, new RegExp(endedPods()[0]?.metadata?.name ?? 'none'))
})
