import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { createClient } from '../../cluster/client.ts'
import { loadClusterConfig } from '../../cluster/config.ts'
import { namespace, sharedControlPlane } from '../fixtures/control-plane.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

async function kubeconfig (t: Test, { cluster = {}, user = {}, name = 'config', dir = t.testdir() }: { cluster?: object, user?: object, name?: string, dir?: string } = {}) {
  const path = join(dir, name)
  await writeFile(path, JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://one.example.com:6443', ...cluster } }, { name: 'd', cluster: { server: 'https://two.example.com' } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: 'n' } }, { name: 'd', context: { cluster: 'd', user: 'u' } }],
    'current-context': 'c'
  }))
  return path
}

t.test('a kubeconfig gives server, namespace, TLS material and token', async t => {
  const path = await kubeconfig(t, {
    cluster: { 'certificate-authority-data': base64('ca'), 'tls-server-name': 'kubernetes' },
    user: { token: 'secret', 'client-certificate-data': base64('cert'), 'client-key-data': base64('key') }
  })
  const config = loadClusterConfig({ kubeconfig: path })
  t.strictSame([config.server, config.namespace], ['https://one.example.com:6443', 'n'])
  t.strictSame(await config.credentials(), {
    headers: { authorization: 'Bearer secret' },
    tls: { ca: Buffer.from('ca'), cert: Buffer.from('cert'), key: Buffer.from('key'), servername: 'kubernetes' }
  })
})

t.test('a context can be named', async t => {
  const config = loadClusterConfig({ kubeconfig: await kubeconfig(t), context: 'd' })
  t.strictSame([config.server, config.namespace], ['https://two.example.com', undefined])
})

t.test('a server over plain HTTP is taken', async t => {
  const config = loadClusterConfig({ kubeconfig: await kubeconfig(t, { cluster: { server: 'http://127.0.0.1:8001' } }) })
  t.strictSame([config.server, (await config.credentials()).headers], ['http://127.0.0.1:8001', {}])
})

const faults: Record<string, [Parameters<typeof kubeconfig>[1], string | undefined, RegExp]> = {
  'a context that does not exist': [{}, 'x', /no cluster for context "x"/],
  'a server that is no URL': [{ cluster: { server: 'one' } }, undefined, /server is "one"; expected a URL/],
  'a proxy': [{ cluster: { 'proxy-url': 'http://proxy:3128' } }, undefined, /proxy-url is not supported/]
}
for (const [name, [content, context, message]] of Object.entries(faults)) {
  t.test(`${name} is refused with the file's name`, async t => {
    const path = await kubeconfig(t, content)
    t.throws(() => loadClusterConfig({ kubeconfig: path, context }), { message })
    t.throws(() => loadClusterConfig({ kubeconfig: path, context }), { message: new RegExp(path) })
  })
}

t.test('outside a pod in-cluster credentials are refused', async t => {
  t.throws(() => loadClusterConfig(), { message: /in-cluster credentials: server is .*KUBERNETES_SERVICE_HOST/ })
})

t.test('a token file beside the kubeconfig is read again after a minute, and at once when its token was refused', async t => {
  let ms = 0
  const dir = t.testdir({ token: 'one\n' })
  const config = loadClusterConfig({ kubeconfig: await kubeconfig(t, { user: { token: 'inline', tokenFile: 'token' }, dir }), now: () => ms })
  const first = await config.credentials()
  await writeFile(join(dir, 'token'), 'two')
  ms = 59_999
  t.equal(await config.credentials(), first)
  const second = await config.credentials(first)
  t.strictSame([first.headers, second.headers], [{ authorization: 'Bearer one' }, { authorization: 'Bearer two' }])
  t.equal(second.tls, first.tls, 'the connections stay')
  t.equal(await config.credentials(first), second, 'who comes late with the same refusal gets what was found')
  t.equal(await config.credentials(second), second, 'nothing newer is told by the same object')
})

t.test('TLS material that changed is a new object', async t => {
  let ms = 0
  const dir = t.testdir()
  const config = loadClusterConfig({ kubeconfig: await kubeconfig(t, { dir, cluster: { 'certificate-authority-data': base64('old') } }), now: () => ms })
  const first = await config.credentials()
  await kubeconfig(t, { dir, cluster: { 'certificate-authority-data': base64('new') } })
  ms = 1
  const second = await config.credentials(first)
  t.strictSame([first.tls, second.tls], [{ ca: Buffer.from('old') }, { ca: Buffer.from('new') }])
})

t.test('credentials that cannot be read reject, and are tried again', async t => {
  const dir = t.testdir()
  const config = loadClusterConfig({ kubeconfig: await kubeconfig(t, { user: { tokenFile: 'token' }, dir }) })
  await t.rejects(config.credentials(), { code: 'ENOENT' } as NodeJS.ErrnoException)
  await writeFile(join(dir, 'token'), 'late')
  t.strictSame((await config.credentials()).headers, { authorization: 'Bearer late' })
})

t.test('a real API server: an expired token is refused, and the rotated one is found within the same request', async t => {
  const plane = await sharedControlPlane(t)
  const ns = await namespace(t, plane)
  const path = await plane.serviceAccountKubeconfig(ns, 'default', { expiresInSeconds: -61, tokenFile: true })
  const seen: unknown[] = []
  const client = createClient(loadClusterConfig({ kubeconfig: path }), { onRequest: ({ code }) => { seen.push(code) } })
  t.teardown(() => client.close())
  await t.rejects(client.get('/api'), { name: 'ApiError', status: 401 })
  await writeFile(`${path}.token`, await plane.kubectl(['create', 'token', 'default', `--namespace=${ns}`]))
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  const answer = await client.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: review })
  t.match(answer, { status: { userInfo: { username: `system:serviceaccount:${ns}:default` } } })
  t.strictSame(seen, [401, 401, 201])
})
