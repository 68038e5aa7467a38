// What our function makes of a ServiceTwo by `crossplane composition render`: core and the function, and no cluster.
import { join } from 'node:path'
import t from 'tap'
import { findFunction, functionName } from '../../local/crossplane/function.ts'
import { type Rendered, startRenderer } from '../fixtures/renderer.ts'

const arns: Record<string, [kind: string, arn: string]> = {
  bucket: ['Bucket', 'arn:aws:s3:::two'],
  key: ['Key', 'arn:aws:kms:eu-west-3:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'],
  'log-group': ['Group', 'arn:aws:logs:eu-west-3:111122223333:log-group:/topicten/app2/two']
}
const services: Record<string, string> = { bucket: 's3', key: 'kms', 'log-group': 'cloudwatchlogs' }

await t.test('rendered', async t => {
  const main = join(await findFunction(process.env), 'main.ts')
  const renderWhole = await startRenderer(t, 'composition-function.yaml', { [functionName]: [process.execPath, main] })
  const render = (spec: object, observed?: object[]) =>
    renderWhole({ image: 'example.com/app:1', replicas: 4, location: 'Paris', ...spec }, observed)
  const namesOf = (objects: Rendered[]) => objects.slice(1).map(({ metadata }) => metadata.annotations?.['crossplane.io/composition-resource-name']).sort()
  const first = ['bucket', 'bucket-access', 'bucket-encryption', 'bucket-website', 'key', 'log-group']
  const readyOf = ([composite]: Rendered[]) => composite?.status?.conditions.find(({ type }) => type === 'Ready')?.status

  await t.test('the first pass withholds the TopicTen, and the ServiceTwo is not ready', async t => {
    const objects = await render({})
    t.strictSame(namesOf(objects), first)
    t.equal(readyOf(objects), 'False')
  })

  await t.test('a pass that knows the ARNs composes the TopicTen and the ConfigMap at once', async t => {
    const observed = Object.entries(arns).map(([name, [kind, arn]]) => ({
      apiVersion: `${services[name]}.aws.m.upbound.io/v1beta1`,
      kind,
      metadata: { name: `two-${name}`, namespace: 'app2', annotations: { 'crossplane.io/composition-resource-name': name } },
      spec: { forProvider: { region: 'eu-west-3' } },
      status: { atProvider: { arn }, conditions: [{ type: 'Ready', status: 'True' }] }
    }))
    const objects = await render({}, observed)
    t.strictSame(namesOf(objects), [...first, 'arns', 'bucket-policy', 'topicten'].sort())
    t.equal(objects[0]?.status?.['targetarn'], arns['bucket']?.[1])
    t.match(objects.find(({ kind }) => kind === 'TopicTen'), { spec: { replicas: 4, targetarn: arns['bucket']?.[1], kmsarn: arns['key']?.[1] } })
  })

  await t.test('a location that there is none of is refused, and nothing is rendered', async t => {
    await t.rejects(render({ location: 'Atlantis' }), { message: /Atlantis/ })
  })
})
