// Our services on Crossplane's real core: what a ServiceTwo is composed of by our function, and TopicTens that refer to what was made.
// The providers are played; the API server, core, the functions and the operator are real.
import { join } from 'node:path'
import t from 'tap'
import { startCrossplane } from '../../local/crossplane/crossplane.ts'
import { startProvider } from '../../local/crossplane/provider.ts'
import { privateControlPlane } from '../fixtures/control-plane.ts'
import { keepLog } from '../fixtures/log.ts'
import { referring, toKey } from '../fixtures/referred.ts'
import { startStage } from '../fixtures/stage.ts'
import { stockFunctions, withoutStockFunctions } from '../fixtures/stock-functions.ts'

const root = join(import.meta.dirname, '../..')
const services = join(root, 'deploy/services')

const composed = 'keys,groups,buckets,bucketpolicies,bucketwebsiteconfigurations,bucketpublicaccessblocks,bucketserversideencryptionconfigurations'

const serviceTwo = (name: string, spec: object = {}) => JSON.stringify({
  apiVersion: 'service.lyc-handson-aws.com/v1alpha1',
  kind: 'ServiceTwo',
  metadata: { name },
  spec: {
    image: 'registry.example.com/app:1',
    replicas: 3,
    location: 'Paris',
    crossplane: { compositionSelector: { matchLabels: { composition: 'function' } } },
    ...spec
  }
})

await t.test('services on Crossplane', async t => {
  const plane = await privateControlPlane(t, { audit: true })
  const crossplane = await startCrossplane(plane, { env: process.env, execPath: process.execPath, functions: stockFunctions })
  t.teardown(() => crossplane.stop())
  const provider = await startProvider(plane, keepLog())
  t.teardown(() => provider.stop())
  await plane.kubectl(['apply', '--server-side', '--kustomize', join(services, 'service2/definition')])
  await plane.kubectl(['apply', '--server-side', '--filename', join(root, 'deploy/infra/crossplane-config/topicten-references.yaml')])
  await plane.kubectl(['wait', '--for=condition=Established', 'xrd/servicetwos.service.lyc-handson-aws.com', '--timeout=180s'])
  await plane.kubectl(['wait', '--for=create', 'crd/servicetwos.service.lyc-handson-aws.com', '--timeout=180s'])
  await plane.kubectl(['wait', '--for=condition=Established', 'crd/servicetwos.service.lyc-handson-aws.com', '--timeout=180s'])
  const { kubectl, watcher, namespace } = await startStage(t, { COUNTDOWN_INTERVAL_SECONDS: '600' }, { plane })
  const { condition } = watcher
  const jsonpath = async (object: string, path: string) => kubectl(['get', object, `--output=jsonpath=${path}`])
  const create = (manifest: string) => kubectl(['create', '--filename=-'], manifest)

  await t.test('a ServiceTwo that is none is refused, with the field', async t => {
    const cases: Array<[object, RegExp]> = [
      [{ location: 'Atlantis' }, /spec\.location: Unsupported value: "Atlantis": supported values: .*"Paris"/], [{ replicas: 6 }, /spec\.replicas: .* should be less than or equal to 5/],
      [{ image: '' }, /spec\.image/], [{ location: undefined }, /spec\.location: Required value/]
    ]
    for (const [spec, words] of cases) await t.rejects(create(serviceTwo('wrong', spec)), { message: words })
  })

  provider.hold()
  await create(serviceTwo('two'))

  await t.test('before AWS has answered all resources are there, and neither the ConfigMap nor the TopicTen', async t => {
    await kubectl(['wait', 'servicetwo/two', '--for=condition=Synced', '--timeout=180s'])
    await kubectl(['wait', 'servicetwo/two', '--for=condition=ArnsResolved=False', '--timeout=180s'])
    const kinds = await jsonpath('servicetwo/two', '{.spec.crossplane.resourceRefs[*].kind}')
    t.strictSame(kinds.split(' ').sort(), [
      'Bucket', 'BucketPublicAccessBlock', 'BucketServerSideEncryptionConfiguration', 'BucketWebsiteConfiguration', 'Group', 'Key'
    ])
    t.equal(await jsonpath('servicetwo/two', '{.status.conditions[?(@.type=="Ready")].status}'), 'False')
    t.match(await jsonpath('servicetwo/two', '{.status.conditions[?(@.type=="ArnsResolved")].message}'), /waiting for the ARN of bucket, key, log-group/)
  })

  await create(referring('referring', {
    targetarn: toKey('two-arns', 'targetarn'), kmsarn: toKey('two-arns', 'kmsarn'), cloudwatcharn: toKey('two-arns', 'cloudwatcharn')
  }))
  await watcher.until('it waits', () => condition('referring', 'Ready')?.reason === 'WaitingForArns')

  await t.test('once they have their ARNs, so has the ServiceTwo; its TopicTen and the one that refers to it are made', async t => {
    await provider.release()
    const released = performance.now()
    await watcher.until('both Deployments', () => ['two', 'referring'].every(name => watcher.replicas(name).length > 0))
    t.comment(`from the last ARN to the Deployments: ${Math.round(performance.now() - released)} ms`)
    await kubectl(['wait', 'servicetwo/two', '--for=condition=Ready', '--timeout=180s'])
    const [region, name] = ['eu-west-3', `/topicten/${namespace}/two`]
    const status = JSON.parse(await jsonpath('servicetwo/two', '{.status}')) as Record<string, string>
    t.match(status, {
      targetarn: /^arn:aws:s3:::two-/, kmsarn: new RegExp(`^arn:aws:kms:${region}:`), cloudwatcharn: `arn:aws:logs:${region}:111122223333:log-group:${name}`, website: /s3-website/
    })
    const { targetarn, kmsarn, cloudwatcharn } = status
    t.strictSame(JSON.parse(await jsonpath('configmap/two-arns', '{.data}')), { targetarn, kmsarn, cloudwatcharn })
    for (const topicTen of ['two', 'referring']) t.match(watcher.topicTen(topicTen)?.status?.resolved, { targetarn, kmsarn, cloudwatcharn })
    t.strictSame(watcher.replicas('two'), [3])
  })

  await t.test('what was composed says what the ServiceTwo asked for', async t => {
    const policy = JSON.parse(await kubectl(['get', 'bucketpolicies', '--output=jsonpath={.items[0].spec.forProvider.policy}']))
    t.match(policy, { Statement: [{ Sid: 'WritesByTls' }, { Sid: 'ReadsByTls', Effect: 'Deny' }] })
    t.equal(await kubectl(['get', 'bucketpublicaccessblocks', '--output=jsonpath={.items[0].spec.forProvider.blockPublicPolicy}']), 'true')
    await kubectl(['patch', 'servicetwo/two', '--type=merge', '--patch={"spec":{"public":true}}'])
    await kubectl(['wait', 'bucketpublicaccessblocks', '--all', '--for=jsonpath={.spec.forProvider.blockPublicPolicy}=false', '--timeout=180s'])
    await t.rejects(kubectl(['patch', 'servicetwo/two', '--type=merge', '--patch={"spec":{"location":"Tokyo"}}']), { message: /location cannot be changed/ })
  })

  await t.test('a ServiceTwo that is deleted takes along what it composed; who referred to it says so and keeps running', async t => {
    await kubectl(['delete', 'servicetwo/two', '--timeout=180s'])
    await watcher.until('its TopicTen is gone', () => watcher.topicTen('two') === undefined)
    await kubectl(['wait', composed, '--all', '--for=delete', '--timeout=180s'])
    await watcher.until('it says so', () => condition('referring', 'Stalled')?.reason === 'ArnVanished')
    t.match(condition('referring', 'Stalled')?.message, /there is no ConfigMap "two-arns"/)
    t.equal(watcher.replicas('referring').at(-1), 5)
  })

  await t.test('by the Composition of stock functions it gets its ARNs too, and a ConfigMap to refer to', { skip: withoutStockFunctions }, async t => {
    await create(serviceTwo('stock', { public: true, crossplane: { compositionSelector: { matchLabels: { composition: 'patch-and-transform' } } } }))
    await create(referring('of-stock', {
      targetarn: toKey('stock-arns', 'targetarn'), kmsarn: toKey('stock-arns', 'kmsarn'), cloudwatcharn: toKey('stock-arns', 'cloudwatcharn')
    }))
    await kubectl(['wait', 'servicetwo/stock', '--for=condition=Ready', '--timeout=180s'])
    const { targetarn, kmsarn, cloudwatcharn } = JSON.parse(await jsonpath('servicetwo/stock', '{.status}')) as Record<string, string>
    t.match(targetarn, /^arn:aws:s3:::stock-/)
    t.strictSame(JSON.parse(await jsonpath('configmap/stock-arns', '{.data}')), { targetarn, kmsarn, cloudwatcharn })
    await watcher.until('its Deployment', () => watcher.replicas('of-stock').length > 0)
    t.match(watcher.topicTen('of-stock')?.status?.resolved, { targetarn, kmsarn, cloudwatcharn })
    await kubectl(['delete', 'servicetwo/stock', '--timeout=180s'])
    await kubectl(['wait', composed, '--all', '--for=delete', '--timeout=180s'])
  })

  await t.test('service1 is accepted as it is rendered, under a prefix, and gets its ARNs', async t => {
    const rendered = await plane.kubectl(['kustomize', join(services, 'service1')])
    await kubectl(['apply', '--server-side', '--filename=-'], rendered)
    for (const kind of ['keys', 'aliases', 'tables', 'groups']) {
      await kubectl(['wait', kind, 'messages', '--for=jsonpath={.status.atProvider.arn}', '--timeout=180s'])
    }
    t.equal(await jsonpath('table/messages', '{.status.atProvider.arn}'), 'arn:aws:dynamodb:eu-west-3:111122223333:table/topicten-service1')
    t.equal(await jsonpath('group/messages', '{.status.atProvider.arn}'), 'arn:aws:logs:eu-west-3:111122223333:log-group:/topicten/service1')
    await kubectl(['delete', 'keys,aliases,tables,groups', '--all', '--timeout=180s'])
  })
})
