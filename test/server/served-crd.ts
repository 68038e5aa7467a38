// Which CRDs are good enough for this operator; and a real API server that first serves an older one.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import type { Schema } from '../../api/schema.ts'
import { createClient } from '../../cluster/client.ts'
import { createServedCrd, faultOf, missingFields, type Published } from '../../server/served-crd.ts'
import { sendJson, sendStatus, startApiServer } from '../fixtures/api-server.ts'
import { namespace, privateControlPlane } from '../fixtures/control-plane.ts'
import { keepLog } from '../fixtures/log.ts'
import { operatorEnvironment, runOperator } from '../fixtures/operator.ts'

const root = join(import.meta.dirname, '../..')
const crd = parse(await readFile(join(root, 'deploy/crds/topictens.yaml'), 'utf8')) as {
  spec: { versions: Array<{ schema: { openAPIV3Schema: Schema } }> }
}
const gvk = [{ group: 'app.lyc-handson-aws.com', version: 'v1alpha1', kind: 'TopicTen' }]

/** The document of the CRD in deploy/, changed. */
function published (change: (schema: Schema) => void = () => {}): Published {
  const schema = structuredClone(crd.spec.versions[0]!.schema.openAPIV3Schema)
  change(schema)
  return {
    paths: { '/apis/app.lyc-handson-aws.com/v1alpha1/namespaces/{namespace}/topictens/{name}/status': {} },
    components: { schemas: { other: { type: 'object' }, topicten: { ...schema, 'x-kubernetes-group-version-kind': gvk } } }
  }
}

for (const [sentence, document, expected] of [
  ['the CRD of this version has all', published(), undefined],
  ['one with more fields as well', published(({ properties }) => { properties!['spec']!.properties!['later'] = { type: 'string' } }), undefined],
  ['one that lacks fields is told of with each of them', published(({ properties }) => {
    delete properties!['spec']!.properties!['region']
    delete properties!['spec']!.properties!['env']!.items!.properties!['valueFrom']!.properties!['fileKeyRef']
    delete properties!['status']!.properties!['resolved']
  }), /^topictens\.app\.lyc-handson-aws\.com lacks spec\.region, spec\.env\[\]\.valueFrom\.fileKeyRef, status\.resolved: apply the CRD .*kubectl apply --server-side/],
  ['one without the subresource is told of', { ...published(), paths: {} }, /lacks the subresource status/],
  ['so is one that does not serve the version', { components: { schemas: {} } }, /does not serve v1alpha1/],
  ['and none at all', undefined, /does not serve v1alpha1: apply the CRD/]
] as const) {
  t.test(sentence, async t => {
    const fault = faultOf(document)
    if (expected === undefined) t.equal(fault, undefined)
    else t.match(fault, expected)
  })
}

t.test('whatever an object may hold is in it where unknown fields are kept', async t => {
  t.strictSame(missingFields({ properties: { a: { type: 'string' } } }, { 'x-kubernetes-preserve-unknown-fields': true }, 'spec'), [])
  t.strictSame(missingFields({ additionalProperties: { type: 'string' } }, {}, 'spec.labels'), ['spec.labels.*'])
})

t.test('where the document may not be read, all counts as well, and one line says why', async t => {
  const server = await startApiServer(t, (_asked, answer) => { sendStatus(answer, 403, 'Forbidden') })
  const client = createClient(server.config)
  const log = keepLog()
  const served = createServedCrd({ client, log })
  t.teardown(async () => { await served.stop(); await client.close() })
  served.start()
  while (served.fault !== undefined) await new Promise(resolve => setTimeout(resolve, 5))
  t.strictSame(log.lines.map(({ level }) => level), ['warn'])
})

t.test('it is asked again until it is there, told once, and then no more', async t => {
  let state: 'away' | 'none' | 'there' = 'away'
  const server = await startApiServer(t, (_asked, answer) => {
    if (state === 'there') sendJson(answer, published())
    else sendStatus(answer, state === 'away' ? 500 : 404, 'Refused')
  })
  const client = createClient(server.config)
  const log = keepLog()
  const served = createServedCrd({ client, everyMs: 5, log })
  t.teardown(async () => { await served.stop(); await client.close() })
  served.start()
  const turns = async (count: number) => {
    const { length } = server.asked
    while (server.asked.length < length + count) await new Promise(resolve => setTimeout(resolve, 5))
  }
  await turns(2)
  t.equal(served.fault, 'not read yet')
  state = 'none'
  await turns(3)
  t.match(served.fault, /does not serve/)
  state = 'there'
  while (served.fault !== undefined) await new Promise(resolve => setTimeout(resolve, 5))
  t.strictSame(log.lines.filter(({ level }) => level !== 'debug').map(({ level, message }) => [level, message]), [
    ['error', 'the CRD that is served is not the one this operator needs'], ['info', 'the CRD is right now']
  ])
  state = 'away'
  served.check()
  await turns(1)
  t.equal(served.fault, undefined, 'an API server that is away changes nothing')
})

t.test('an operator before an older CRD says what it lacks, stays unready, and is ready once it is right', async t => {
  const plane = await privateControlPlane(t)
  const ns = await namespace(t, plane)
  const older = structuredClone(crd)
  delete older.spec.versions[0]!.schema.openAPIV3Schema.properties!['spec']!.properties!['region']
  const apply = (object: object) => plane.kubectl(['apply', '--server-side', '--force-conflicts', '--filename=-'], JSON.stringify(object))
  await apply(older)
  await plane.kubectl(['wait', '--for=condition=Established', 'crd/topictens.app.lyc-handson-aws.com', '--timeout=30s'])
  await plane.kubectl(['create', 'serviceaccount', 'topicten', `--namespace=${ns}`])
  const rights = ['--verb=list,watch,create,patch', '--resource=topictens.app.lyc-handson-aws.com,deployments.apps,leases.coordination.k8s.io']
  await plane.kubectl(['create', 'role', 'topicten', `--namespace=${ns}`, ...rights])
  await plane.kubectl(['create', 'rolebinding', 'topicten', `--namespace=${ns}`, '--role=topicten', `--serviceaccount=${ns}:topicten`])
  const operator = await runOperator(t, await operatorEnvironment(plane, ns, { INSTALL_LEASE: '' }))
  const verbose = async () => (await fetch(`${operator.url}/readyz?verbose`)).text()
  const until = async (sign: string) => {
    while (!(await verbose()).includes(sign)) await new Promise(resolve => setTimeout(resolve, 100))
  }
  await until('[-]crd failed: topictens.app.lyc-handson-aws.com lacks spec.region: apply the CRD of this version')
  t.equal((await fetch(`${operator.url}/livez`)).status, 200)
  await apply(crd)
  await until('[+]crd ok')
  t.ok((await fetch(`${operator.url}/readyz`)).ok)
  const told = operator.log.lines.filter(({ message }) => message.startsWith('the CRD that is served is not')).map(({ fields }) => fields)
  t.equal(new Set(told.map(fields => JSON.stringify(fields))).size, told.length, 'nothing was said twice')
})
