// The webhooks of a running operator, called by the real API server, with certificates nobody made.
import t from 'tap'
import { sharedControlPlane } from '../fixtures/control-plane.ts'
import { runOperator } from '../fixtures/operator.ts'
import { goodSpec, manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'
import { stageWebhooks, untilReady } from '../fixtures/webhooks.ts'

const plane = await sharedControlPlane(t)
const { namespace: ns, configuration, environment, install } = await stageWebhooks(t, plane)
const kubectl = (args: string[], input?: string) => plane.kubectl([`--namespace=${ns}`, ...args], input)
const create = (object: object) => kubectl(['create', '--filename=-', '--output=json'], JSON.stringify(object))
const dryRun = (object: object) => kubectl(['create', '--dry-run=server', '--filename=-'], JSON.stringify(object))
const refusal = (object: object) => dryRun(object).then(() => 'admitted', (error: Error) => error.message)
const pod = (name: string, topicTen: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { 'app.lyc-handson-aws.com/topicten': topicTen } },
  spec: { containers: [{ name: 'c', image: 'c' }] }
})

const configurations = ['validatingwebhookconfiguration', 'mutatingwebhookconfiguration'] as const
const watcher = await watchNamespace(t, plane, ns)
const operator = await runOperator(t, environment)
const { until } = watcher
const ready = () => untilReady(operator.url)
const faults = () => operator.log.lines.filter(({ message }) => message.startsWith('certificates unusable')).map(({ fields }) => fields['fault'])
const logged = (message: string) => operator.log.lines.filter(line => line.message === message).length

t.test('a TopicTen with wrong ARNs is refused with every fault in words', async t => {
  await ready()
  const message = await refusal(manifest('bad', {
    targetarn: 'arn:aws:s3:::topicten-messages/key', kmsarn: goodSpec.kmsarn.toUpperCase().replace('ARN:AWS:KMS:EU-WEST-3', 'arn:aws:kms:eu-west-3').replace('KEY/', 'key/')
  }))
  t.match(message, /spec\.targetarn: found "arn:aws:s3:::topicten-messages\/key"/)
  t.match(message, /spec\.kmsarn: found/)
  t.equal(await refusal(manifest('good')), 'admitted')
})

t.test('the pods of a TopicTen get their variables, first in the list', async t => {
  await create(manifest('alpha', { env: [{ name: 'COPY', value: '$(STORAGE_ARN)' }] }))
  await until('a Deployment', () => watcher.replicas('alpha').length > 0)
  let pods: Array<{ spec: { containers: Array<{ env: Array<{ name: string, value?: string }> }> } }> = []
  while (pods.length === 0) pods = JSON.parse(await kubectl(['get', 'pods', '--selector=app.lyc-handson-aws.com/topicten=alpha', '--output=json'])).items
  t.strictSame(pods[0]!.spec.containers[0]!.env.map(({ name, value }) => [name, value]), [
    ['STORAGE_ARN', goodSpec.targetarn], ['AWS_KMS_ARN', goodSpec.kmsarn], ['AWS_LOG_GROUP_ARN', goodSpec.cloudwatcharn],
    ['AWS_REGION', 'eu-west-3'], ['MY_POD_NAME', undefined], ['MY_POD_NAMESPACE', undefined], ['MY_POD_IP', undefined], ['COPY', '$(STORAGE_ARN)']
  ])
})

t.test('a pod labelled for a TopicTen that is not there is refused with where it was looked for', async t => {
  const message = await refusal(pod('lost', 'nobody'))
  t.match(message, `names no TopicTen "nobody" in the namespace "${ns}"`)
})

t.test('a Secret that is deleted or holds junk is made anew, and admission goes on', async t => {
  for (const [round, spoil] of [
    () => kubectl(['delete', 'secret', 'topicten-webhook']),
    () => kubectl(['patch', 'secret', 'topicten-webhook', '--type=merge', '--patch={"stringData":{"tls.key":"junk"}}']),
    () => kubectl(['patch', 'secret', 'topicten-webhook', '--type=merge', '--patch={"data":{"ca.crt":null,"ca.key":null}}'])
  ].entries()) {
    const before = logged('certificates renewed')
    await spoil()
    await until('renewed', () => logged('certificates renewed') > before)
    t.equal(await refusal(manifest('good')), 'admitted', `at once after fault ${round}`)
    await ready()
    t.equal(await refusal(manifest('good')), 'admitted', 'and later')
  }
  t.strictSame(faults(), ['it is gone', 'tls.crt and tls.key are no pair', 'ca.crt holds no certificate'], 'each is told once')
})

t.test('a caBundle taken away by hand comes back', async t => {
  const patch = JSON.stringify([{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }])
  const before = logged('authorities published')
  await plane.kubectl(['patch', 'validatingwebhookconfiguration', configuration, '--type=json', `--patch=${patch}`])
  await until('published', () => logged('authorities published') > before)
  // The API server takes a moment to read its own configurations.
  while (await refusal(manifest('good')) !== 'admitted');
  t.match(await refusal(manifest('bad', { targetarn: 'xx' })), /spec\.targetarn/)
})

t.test('broken glass: without the configurations all is admitted and the operator stays ready; put back they work', async t => {
  await plane.kubectl(['delete', ...configurations.map(kind => `${kind}/${configuration}`)])
  t.equal(await refusal(manifest('bad', { targetarn: 'arn:aws:s3:::topicten-messages/key' })), 'admitted')
  await ready()
  const before = logged('authorities published')
  await install()
  await until('published', () => logged('authorities published') >= before + 2)
  await ready()
  t.match(await refusal(manifest('bad', { targetarn: 'arn:aws:s3:::topicten-messages/key' })), /spec\.targetarn/)
})

t.test('admissions and certificate are in the metrics', async t => {
  const metrics = await (await fetch(`${operator.url}/metrics`)).text()
  t.match(metrics, /topicten_admissions_total\{webhook="validate-topicten",verdict="denied"\} [1-9]/)
  t.match(metrics, /topicten_admissions_total\{webhook="mutate-pod",verdict="patched"\} [1-9]/)
  t.match(metrics, /topicten_certificate_expiry_timestamp_seconds\{certificate="leaf"\} \d{10}/)
  t.match(metrics, /topicten_certificate_expiry_timestamp_seconds\{certificate="authority"\} \d{10}/)
})
