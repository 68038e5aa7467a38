// What the chart renders, before a real API server: every object of every values file, restricted pods, and what helm test runs.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { V1Deployment, V1Pod } from '@kubernetes/client-node'
import { stringify } from 'yaml'
import { runCommand } from '../../local/command.ts'
import { only, render, renderText, setting, valuesFile, valuesFiles } from '../fixtures/chart.ts'
import { namespace, sharedControlPlane } from '../fixtures/control-plane.ts'
import { runOperator } from '../fixtures/operator.ts'
import { stageWebhooks, untilReady } from '../fixtures/webhooks.ts'

const plane = await sharedControlPlane(t)
const ns = await namespace(t, plane)
await plane.kubectl(['apply', '--server-side', `--filename=${join(import.meta.dirname, '../fixtures/crds/others.yaml')}`])
await plane.kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/certificates.cert-manager.io', 'crd/issuers.cert-manager.io',
  'crd/servicemonitors.monitoring.coreos.com', 'crd/prometheusrules.monitoring.coreos.com'])

await plane.kubectl(['label', 'namespace', ns, 'pod-security.kubernetes.io/enforce=restricted'])
// A dry run makes none of those that the pods of the dry run need.
for (const name of ['topicten', 'topicten-test', 'countdown', 'countdown-test']) {
  await plane.kubectl(['create', 'serviceaccount', name, `--namespace=${ns}`])
}

t.test('the API server accepts every object of every values file', async t => {
  for (const file of valuesFiles) {
    const text = await renderText(valuesFile(file), { namespace: ns })
    const said = await plane.kubectl(['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', '--filename=-'], text)
    t.equal(said.trim().split('\n').length, text.match(/^kind: /gm)!.length, file)
  }
})

t.test('a namespace that enforces the restricted standard admits the pods of every values file', async t => {
  const create = (pod: object) => plane.kubectl(['create', '--dry-run=server', `--namespace=${ns}`, '--filename=-'], stringify(pod))
  for (const file of valuesFiles) {
    const objects = await render(valuesFile(file), { namespace: ns })
    const { spec } = only<V1Deployment>(objects, 'Deployment')
    await t.resolves(create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'operator', labels: spec!.template.metadata!.labels }, spec: spec!.template.spec }), file)
    await t.resolves(create(only(objects, 'Pod')), `${file}: helm test`)
  }
  const open = await render(setting({ 'securityContext.allowPrivilegeEscalation': true }), { namespace: ns })
  await t.rejects(create(only(open, 'Pod')), { message: /violates PodSecurity "restricted/ }, 'and what is not restricted is refused there')
})

t.test('what helm test runs admits a good TopicTen and refuses a bad one under its own ServiceAccount, and fails when nobody refuses', async t => {
  const stage = await stageWebhooks(t, plane)
  const objects = await render(setting({ watchNamespace: stage.namespace }), { namespace: stage.namespace })
  const test = objects.filter(({ metadata, kind }) => metadata.name === 'topicten-test' && kind !== 'Pod')
  await plane.kubectl(['apply', '--server-side', '--filename=-'], test.map(object => stringify(object)).join('---\n'))
  const token = await plane.kubectl(['create', 'token', 'topicten-test', `--namespace=${stage.namespace}`])
  const folder = t.testdir({ token: token.trim() })
  await writeFile(join(folder, 'ca.crt'), plane.caData)
  const { hostname, port } = new URL(plane.server)
  const [{ args = [], env = [] } = {}] = only<V1Pod>(objects, 'Pod').spec!.containers
  const given = Object.fromEntries(env.map(({ name, value }) => [name, value]))
  const run = () => runCommand(process.execPath, ['--input-type=module', '--eval', args[0]!], {
    env: { ...given, CREDENTIALS: folder, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }
  })
  // Nobody answers the API server's first call.
  const closed = createServer(socket => { socket.destroy() }).listen(stage.port, '127.0.0.1')
  const early = run()
  await once(closed, 'connection')
  closed.close()
  const operator = await runOperator(t, stage.environment)
  await untilReady(operator.url)
  t.match(await early, /^good TopicTen: admitted\nbad TopicTen: refused: .*spec\.targetarn: found "arn:aws:s3:::topicten-messages\/\*"/)
  await plane.kubectl(['delete', `validatingwebhookconfiguration/${stage.configuration}`])
  await t.rejects(async () => {
    // The API server follows after a moment.
    for (;;) await run()
  }, { message: /exited with 1: good TopicTen: admitted\nbad TopicTen: should be refused for spec\.targetarn, but 201/ })
})
