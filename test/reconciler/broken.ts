// An object that an older CRD let through, on a control plane of its own: it stalls alone.
import t from 'tap'
import { parse, stringify } from 'yaml'
import { crd } from '../../api/crd.ts'
import { privateControlPlane } from '../fixtures/control-plane.ts'
import { startStage } from '../fixtures/stage.ts'
import { goodSpec, manifest } from '../fixtures/topicten.ts'

const crdName = crd.metadata.name

/** The CRD with a schema that takes anything. */
function olderCrd (): string {
  const older = parse(stringify(crd)) as typeof crd & { spec: { versions: Array<{ schema: object }> } }
  older.spec.versions[0]!.schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return stringify(older)
}

t.test('a broken object stalls alone, can be labelled, and goes on when it is mended', async t => {
  const plane = await privateControlPlane(t)
  const { watcher, kubectl, create, operator } = await startStage(t, {}, { plane })
  const { condition } = watcher
  const crdBefore = await plane.kubectl(['get', 'crd', crdName, '--output=json'])
  await plane.kubectl(['replace', '--filename=-'], JSON.stringify({ ...parse(olderCrd()), metadata: JSON.parse(crdBefore).metadata }))
  const broken = { ...manifest('broken'), spec: { ...goodSpec, targetarn: 'xx', replicas: 9, env: [{ name: 'STORAGE_ARN', value: 'mine' }] } }
  const input = JSON.stringify(broken)
  for (let made = false; !made;) made = await kubectl(['create', '--filename=-'], input).then(() => true, () => false)
  const { metadata: { resourceVersion } } = JSON.parse(await plane.kubectl(['get', 'crd', crdName, '--output=json']))
  const metadata = { ...JSON.parse(crdBefore).metadata, resourceVersion }
  await plane.kubectl(['replace', '--filename=-'], JSON.stringify({ ...JSON.parse(crdBefore), metadata }))

  await create('sound', { replicas: 2 })
  await watcher.until('stalled', () => condition('broken', 'Stalled') !== undefined)
  t.match(condition('broken', 'Stalled'), { status: 'True', reason: 'InvalidSpec', message: /spec\.targetarn: found "xx".*/ })
  t.match(condition('broken', 'Ready'), { status: 'False', reason: 'InvalidSpec' })
  await watcher.until('the other one is done', () => condition('sound', 'CountedDown')?.reason === 'Done')
  t.strictSame(watcher.replicas('broken'), [], 'nothing was made of it')
  await kubectl(['label', 'topicten', 'broken', 'team=blue'])
  await watcher.until('labelled', () => watcher.topicTen('broken')?.metadata.labels?.['team'] === 'blue')
  const spec = { ...goodSpec, replicas: 2, env: null }
  await kubectl(['patch', 'topicten', 'broken', '--type=merge', `--patch=${JSON.stringify({ spec })}`])
  await watcher.until('mended', () => condition('broken', 'CountedDown')?.reason === 'Done')
  t.equal(condition('broken', 'Stalled'), undefined)
  t.strictSame(operator.log.lines.filter(({ level }) => level === 'error'), [])
})
