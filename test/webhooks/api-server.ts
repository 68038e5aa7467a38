// The webhooks as a real API server calls them: every row of the ARN table, and pods as people and controllers make them.
import type { V1Container, V1Pod } from '@kubernetes/client-node'
import Fastify from 'fastify'
import t from 'tap'
import { stringify } from 'yaml'
import { crd } from '../../api/crd.ts'
import { apiVersion, group, injectedVariables, kind, plural, topicTenLabel, version } from '../../api/names.ts'
import { createClient } from '../../cluster/client.ts'
import { loadClusterConfig } from '../../cluster/config.ts'
import { makeCertificates } from '../../local/certificates.ts'
import { webhooks } from '../../webhooks/plugin.ts'
import { resolved } from '../fixtures/admission.ts'
import { arnTable, specOfRow } from '../fixtures/arn-table.ts'
import { privateControlPlane } from '../fixtures/control-plane.ts'
import { goodSpec } from '../fixtures/topicten.ts'

const plane = await privateControlPlane(t, { nodes: 'none', scheduler: false, controllerManager: false })
const spoken: string[] = []
const client = createClient(loadClusterConfig({ kubeconfig: plane.kubeconfig }))
t.teardown(() => client.close())

const { serverKey: key, serverCertificate: cert, caCertificate } = await makeCertificates(Date.now())
const app = Fastify({ logger: false, https: { key, cert } })
await app.register(webhooks, {
  lookup: (namespace, name) => namespace === 'default' && name === 'alpha' ? resolved : undefined,
  log: { info: () => {}, error: (_fields, message) => { spoken.push(message) } }
})
const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
t.teardown(() => app.close())

function configuration (of: 'Validating' | 'Mutating', path: string, rule: object, more: object): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${of}WebhookConfiguration`,
    metadata: { name: 'topicten' },
    webhooks: [{
      name: `${path}.${group}`,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      timeoutSeconds: 5,
      clientConfig: { url: `https://127.0.0.1:${port}/${path}`, caBundle: Buffer.from(caCertificate).toString('base64') },
      rules: [rule],
      ...more
    }]
  }
}

const objects = `/apis/${apiVersion}/namespaces/default/${plural}`
const pods = '/api/v1/namespaces/default/pods'
const dryRun = { dryRun: 'All' }

async function refusal (request: Promise<unknown>): Promise<string> {
  return request.then(() => '', (error: Error) => error.message)
}

function createTopicTen (spec: unknown, { name = 'alpha', query = {}, metadata = {} } = {}): Promise<unknown> {
  return client.request('POST', objects, { query, body: { apiVersion, kind, metadata: { name, ...metadata }, spec } })
}

function podOf (spec: object, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', labels: { [topicTenLabel]: 'alpha' }, ...metadata }, spec }
}

const stray = podOf({ containers: [{ name: 'a', image: 'a' }] }, { labels: { [topicTenLabel]: 'nobody' } })

await plane.kubectl(['apply', '--server-side', '-f', '-'], stringify(crd))
await plane.kubectl(['wait', '--for=condition=Established', `crd/${crd.metadata.name}`, '--timeout=30s'])
await plane.kubectl(['wait', '--for=create', 'namespace/default', '--timeout=30s'])
await plane.kubectl(['create', 'serviceaccount', 'default'])
await createTopicTen({ ...goodSpec, image: 'App' }, { name: 'old', metadata: { finalizers: ['example.com/x'] } })

await plane.kubectl(['apply', '--server-side', '-f', '-'], [
  configuration('Validating', 'validate-topicten', {
    apiGroups: [group], apiVersions: [version], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: [plural]
  }, {}),
  configuration('Mutating', 'mutate-pod', { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }, {
    objectSelector: { matchExpressions: [{ key: topicTenLabel, operator: 'Exists' }] }, reinvocationPolicy: 'IfNeeded'
  })
].map(object => stringify(object)).join('---\n'))
// The API server follows new configurations after a moment.
while (await refusal(createTopicTen({ ...goodSpec, image: 'App' }, { query: dryRun })) === '') await plane.kubectl(['get', 'tt'])
while (await refusal(client.request('POST', pods, { query: dryRun, body: stray })) === '') await plane.kubectl(['get', 'pods'])

await t.test('each row of the ARN table gets its verdict and words from a dry-run create', async t => {
  for (const row of arnTable) {
    const name = `${row.verdict}: ${row.field} ${JSON.stringify(row.value).slice(0, 100)}`
    const said = await refusal(createTopicTen(specOfRow(row), { query: dryRun }))
    if (row.verdict === 'accept' || row.verdict === 'warn') t.equal(said, '', name)
    else t.ok(said.includes(`spec.${row.field}`) && said.includes(row.says), name, { said, says: row.says })
  }
})

await t.test('kubectl prints all violations, a line each', async t => {
  const bad = stringify({ apiVersion, kind, metadata: { name: 'bad' }, spec: { ...goodSpec, image: 'App', targetarn: 'arn:aws:s3:::amzn-s3-demo-bucket' } })
  await t.rejects(plane.kubectl(['create', '-f', '-'], bad), {
    message: /The TopicTen "bad" is invalid: \n\* spec\.image: found "App", which .*\n\* spec\.targetarn: found "arn:aws:s3:::amzn-s3-demo-bucket", which /
  })
})

await t.test('an object with a fault from before can be changed, lose its finalizer and go, but gains no new fault', async t => {
  const patch = (body: object) => client.request('PATCH', `${objects}/old`, { contentType: 'application/merge-patch+json', body })
  t.equal(await refusal(patch({ metadata: { labels: { a: 'b' } }, spec: { suspend: true } })), '')
  t.match(await refusal(patch({ spec: { targetarn: 'arn:aws:s3:::my-bucket/*' } })),
    /spec\.targetarn: found "arn:aws:s3:::my-bucket\/\*", which is a wildcard for objects/)
  await client.request('DELETE', `${objects}/old`)
  t.equal(await refusal(patch({ metadata: { finalizers: null } })), '')
  t.match(await refusal(client.get(`${objects}/old`)), /not found/)
})

await t.test('a pod has our variables first in every container, as the API server would store them', async t => {
  const spec = {
    initContainers: [{ name: 'init', image: 'i' }, { name: 'sidecar', image: 's', restartPolicy: 'Always', envFrom: [{ configMapRef: { name: 'x' } }] }],
    containers: [{ name: 'app', image: 'a', env: [{ name: 'AWS_REGION', value: 'us-east-1' }, { name: 'URL', value: '$(STORAGE_ARN)' }] }, { name: 'b', image: 'b' }]
  }
  const made = await client.request<V1Pod>('POST', pods, { body: podOf(spec, { name: undefined, generateName: 'alpha-' }) })
  const names = (containers: V1Container[]) => containers.map(({ env = [] }) => env.map(({ name }) => name))
  const { initContainers = [], containers = [] } = made.spec ?? {}
  t.strictSame(names(initContainers), [[...injectedVariables], [...injectedVariables]])
  t.strictSame(names(containers), [[...injectedVariables.filter(name => name !== 'AWS_REGION'), 'AWS_REGION', 'URL'], [...injectedVariables]])
  t.strictSame(containers[1]!.env!.slice(3, 5), [
    { name: 'AWS_REGION', value: resolved.region }, { name: 'MY_POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }
  ])
  const again = await client.request<V1Pod>('POST', pods, { query: dryRun, body: podOf(made.spec ?? {}, { name: 'again' }) })
  t.strictSame(again.spec?.containers.map(({ env }) => env), containers.map(({ env }) => env), 'and a copy of it is not changed again')
})

await t.test('a pod whose label names no TopicTen is refused with name and namespace', async t => {
  t.match(await refusal(client.request('POST', pods, { body: stray })), /names no TopicTen "nobody" in the namespace "default"/)
})

await t.test('the webhooks failed nowhere', async t => {
  t.strictSame(spoken, [])
})
