import { mkdir, readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { accessPlane } from '../../local/access.ts'
import { namespace, sharedControlPlane } from '../fixtures/control-plane.ts'

const plane = await sharedControlPlane(t)
const ns = await namespace(t, plane)

function whoami (kubeconfig: string): Promise<string> {
  return plane.kubectl([`--kubeconfig=${kubeconfig}`, 'auth', 'whoami', '--output=jsonpath={.status.userInfo.username}'])
}

await t.test('a kubeconfig for a ServiceAccount speaks for that account', async t => {
  t.equal(await whoami(await plane.serviceAccountKubeconfig(ns, 'default')), `system:serviceaccount:${ns}:default`)
})

await t.test('a token too short-lived for the API server to give is signed here, and taken', async t => {
  const kubeconfig = await plane.serviceAccountKubeconfig(ns, 'default', { expiresInSeconds: 30, tokenFile: true })
  t.equal(await whoami(kubeconfig), `system:serviceaccount:${ns}:default`)
  t.match(await readFile(`${kubeconfig}.token`, 'utf8'), /^[\w-]+\.[\w-]+\.[\w-]+$/)
})

await t.test('a token that expired more than a minute ago is refused', async t => {
  await t.rejects(whoami(await plane.serviceAccountKubeconfig(ns, 'default', { expiresInSeconds: -61 })), { message: /Unauthorized/ })
})

await t.test('a kubeconfig can lead to another server', async t => {
  const kubeconfig = await plane.serviceAccountKubeconfig(ns, 'default', { server: 'https://127.0.0.1:1' })
  await t.rejects(whoami(kubeconfig), { message: /127\.0\.0\.1:1 was refused/ })
})

await t.test('the audit log has who asked for what, and what was written', async t => {
  await plane.kubectl(['create', 'deployment', 'seen', `--namespace=${ns}`, '--image=localhost/x'])
  const [event, ...others] = (await plane.auditEvents()).filter(({ verb, objectRef, stage }) =>
    verb === 'create' && objectRef?.resource === 'deployments' && objectRef.namespace === ns && stage === 'ResponseComplete')
  t.match(event, {
    level: 'RequestResponse',
    user: { username: 'admin' },
    responseStatus: { code: 201 },
    requestObject: { metadata: { name: 'seen' } },
    responseObject: { metadata: { name: 'seen', namespace: ns } }
  })
  t.strictSame(others, [])
})

await t.test('pods become ready on the node, by scheduler and kwok', async t => {
  await plane.kubectl(['create', 'deployment', 'runs', `--namespace=${ns}`, '--image=localhost/x', '--replicas=2'])
  await plane.kubectl(['rollout', 'status', 'deployment/runs', `--namespace=${ns}`, '--timeout=60s'])
  t.equal(await plane.kubectl(['get', 'pods', `--namespace=${ns}`, '--selector=app=runs',
    '--output=jsonpath={.items[*].spec.nodeName}']), 'n0 n0')
})

await t.test('a failing kubectl rejects with its standard error', async t => {
  await t.rejects(plane.kubectl(['apply', '--filename=-'], 'kind: Nonsense'), { message: /exited with 1: .*apiVersion not set/s })
})

await t.test("helm works on the plane, and nothing of the person's own is read", async t => {
  const home = t.testdir()
  await mkdir(`${home}/.kube`)
  await writeFile(`${home}/.kube/config`, 'broken')
  const env = { ...process.env, TOPICTEN_CACHE: cacheOf(process.env), HOME: home, KUBECONFIG: `${home}/.kube/config`, HELM_NAMESPACE: 'other' }
  const access = accessPlane(plane, env)
  t.strictSame(JSON.parse(await access.helm(['list', '--output=json', `--namespace=${ns}`])), [])
  t.equal(await access.kubectl(['config', 'view', '--minify', '--output=jsonpath={.clusters[0].cluster.server}']), plane.server)
})

function cacheOf ({ TOPICTEN_CACHE, XDG_CACHE_HOME, HOME }: NodeJS.ProcessEnv): string {
  return TOPICTEN_CACHE || `${XDG_CACHE_HOME || `${HOME}/.cache`}/topicten`
}
