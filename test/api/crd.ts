// The CRD alone on a real API server: which rows of the ARN table it refuses itself, and what it lets old objects do.
import t from 'tap'
import { stringify } from 'yaml'
import { crd } from '../../api/crd.ts'
import { apiVersion, kind, plural } from '../../api/names.ts'
import { createClient, type Client } from '../../cluster/client.ts'
import { loadClusterConfig } from '../../cluster/config.ts'
import { arnTable, specOfRow } from '../fixtures/arn-table.ts'
import { privateControlPlane } from '../fixtures/control-plane.ts'
import { goodSpec } from '../fixtures/topicten.ts'

// Of its own: it replaces the CRD.
const plane = await privateControlPlane(t, { nodes: 'none', scheduler: false, controllerManager: false })
const client = createClient(loadClusterConfig({ kubeconfig: plane.kubeconfig }))
t.teardown(() => client.close())
const objects = `/apis/${apiVersion}/namespaces/default/${plural}`

async function install (definition: object): Promise<void> {
  await plane.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], stringify(definition))
  await plane.kubectl(['wait', '--for=condition=Established', `crd/${crd.metadata.name}`, '--timeout=30s'])
  await plane.kubectl(['get', plural])
}

/** What the API server says to a request: nothing, or its refusal. */
async function refusal (request: Promise<unknown>): Promise<string> {
  return request.then(() => '', (error: Error) => error.message)
}

function dryRun (client: Client, name: string, spec: object): Promise<string> {
  return refusal(client.request('POST', objects, { query: { dryRun: 'All' }, body: { apiVersion, kind, metadata: { name }, spec } }))
}

await install(crd)

await t.test('the CRD refuses its rows of the ARN table in its words, and leaves the others to the webhook', async t => {
  for (const row of arnTable) {
    const name = `${row.verdict}: ${row.field} ${JSON.stringify(row.value).slice(0, 100)}`
    const said = await dryRun(client, 'row', specOfRow(row))
    if (row.verdict === 'crd') t.ok(said.includes(`spec.${row.field}`) && said.includes(row.says), name, { said })
    else t.equal(said, '', name)
  }
})

await t.test('what the schema can say, it says', async t => {
  const cases: [string, object, string][] = [
    ['a'.repeat(63), {}, ''],
    ['a'.repeat(64), {}, 'metadata.name: Invalid value: metadata.name is too long'],
    ['x', { replicas: 1 }, 'spec.replicas in body should be greater than or equal to 2'],
    ['x', { replicas: 6 }, 'spec.replicas in body should be less than or equal to 5'],
    ['x', { env: [{ name: 'A' }, { name: 'A' }] }, 'spec.env[1]: Duplicate value'],
    ['x', { resources: { limits: { cpu: 1, memory: '128Mi' } } }, ''],
    ['x', { resources: { limits: { memory: 'two' } } }, 'is no quantity']
  ]
  for (const [name, change, piece] of cases) {
    const said = await dryRun(client, name, { ...goodSpec, ...change })
    t.ok(piece === '' ? said === '' : said.includes(piece), `${name} ${JSON.stringify(change)}`, { said })
  }
})

await t.test('a new object starts with a status that says nobody has looked', async t => {
  const made = await client.request<object>('POST', objects, { body: { apiVersion, kind, metadata: { name: 'fresh' }, spec: goodSpec } })
  t.match(made, { spec: { suspend: false }, status: { observedGeneration: -1 } })
  t.match(await plane.kubectl(['get', 'tt', 'fresh']), /NAME +REPLICAS +CURRENT +NEXT STEP +READY +REASON +AGE\nfresh +5/)
  t.match(await plane.kubectl(['explain', 'tt.spec.targetarn']), 'ARN of an S3 bucket or of a DynamoDB table')
})

/** The CRD without what our rules ask: an older version let these objects through. */
function withoutRules (schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema
  if (Array.isArray(schema)) return schema.map(withoutRules)
  const kept = Object.entries(schema).filter(([key]) => !['x-kubernetes-validations', 'maximum', 'minLength'].includes(key))
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutRules(value)]))
}

await t.test('an object that breaks the rules of now can be labelled, get a status and lose its finalizer', async t => {
  await plane.kubectl(['replace', '-f', '-'], stringify(withoutRules(crd)))
  const name = 'a'.repeat(80)
  const spec = { ...goodSpec, replicas: 9, targetarn: 'xx', kmsarn: '' }
  // The API server follows a changed CRD after a moment.
  while (await dryRun(client, name, spec) !== '') await plane.kubectl(['get', 'tt'])
  await client.request('POST', objects, { body: { apiVersion, kind, metadata: { name, finalizers: ['example.com/x'] }, spec } })
  await plane.kubectl(['replace', '-f', '-'], stringify(crd))
  while (await dryRun(client, 'x', spec) === '') await plane.kubectl(['get', 'tt'])

  const patch = { contentType: 'application/merge-patch+json' }
  t.equal(await refusal(client.request('PATCH', `${objects}/${name}`, { ...patch, body: { metadata: { labels: { a: 'b' } } } })), '')
  t.equal(await refusal(client.request('PATCH', `${objects}/${name}/status`, { ...patch, body: { status: { currentReplicas: 2 } } })), '')
  t.match(await refusal(client.request('PATCH', `${objects}/${name}`, { ...patch, body: { spec: { targetarn: 'yy' } } })), /no ARN of an S3 bucket/)
  await client.request('DELETE', `${objects}/${name}`)
  t.equal(await refusal(client.request('PATCH', `${objects}/${name}`, { ...patch, body: { metadata: { finalizers: null } } })), '')
  t.match(await refusal(client.get(`${objects}/${name}`)), /not found/)
})
