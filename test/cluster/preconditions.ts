// How a real API server answers the preconditions all our writes rest on, and how a reflector and a watch stand its faults.
import t from 'tap'
import type { Test } from 'tap'
import { createClient } from '../../cluster/client.ts'
import { loadClusterConfig } from '../../cluster/config.ts'
import { createReflector } from '../../cluster/reflector.ts'
import type { KubernetesObject, ReflectorOptions } from '../../cluster/reflector.ts'
import { namespace, sharedControlPlane } from '../fixtures/control-plane.ts'
import { startFaultProxy } from '../fixtures/fault-proxy.ts'
import { keepLog } from '../fixtures/log.ts'

const plane = await sharedControlPlane(t)
const ns = await namespace(t, plane)
const client = createClient(loadClusterConfig({ kubeconfig: plane.kubeconfig }))
t.teardown(() => client.close())
const configMaps = `/api/v1/namespaces/${ns}/configmaps`

const configMap = (name: string, metadata: object = {}, data: Record<string, string> = {}) =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: ns, ...metadata }, data })
const apply = (name: string, metadata: object, value = '1') =>
  client.apply<KubernetesObject>(`${configMaps}/${name}`, configMap(name, metadata, { value }), { fieldManager: 'test' })

t.test('an apply with version 1 creates what is absent and hits nothing that is there', async t => {
  t.match(await apply('created', { resourceVersion: '1' }), { metadata: { name: 'created' } })
  await t.rejects(apply('created', { resourceVersion: '1' }, '2'), { name: 'ApiError', status: 409 })
})

t.test('an apply with uid and version hits that object in that state only', async t => {
  const { metadata: { uid, resourceVersion } } = await apply('known', {})
  await apply('known', { uid, resourceVersion }, '2')
  await t.rejects(apply('known', { uid, resourceVersion }, '3'), { name: 'ApiError', status: 409 })
  await client.request('DELETE', `${configMaps}/known`)
  await t.rejects(apply('known', { uid, resourceVersion }, '3'), { name: 'ApiError', status: 409 })
  await apply('known', {})
  await t.rejects(apply('known', { uid, resourceVersion }, '3'), { name: 'ApiError', status: 409 })
  // The uid alone is no precondition but a field that must not change.
  await t.rejects(apply('known', { uid }, '3'), { name: 'ApiError', status: 422 })
})

/** A reflector behind a proxy, and a wait for what it holds. */
async function behindProxy (t: Test, options: Partial<ReflectorOptions<string>> = {}) {
  const proxy = await startFaultProxy(t, plane)
  const own = createClient(loadClusterConfig({ kubeconfig: await proxy.kubeconfig(plane.kubeconfig) }), { timeoutMs: 2000 })
  const waiting = new Set<() => void>()
  const reflector = createReflector<string>({
    client: own,
    path: configMaps,
    project: ({ metadata }) => metadata.name ?? '',
    onChange: () => { for (const look of waiting) look() },
    backoff: { baseMs: 20, maxMs: 200 },
    log: keepLog(),
    ...options
  })
  t.teardown(async () => {
    await reflector.stop()
    await own.close()
  })
  reflector.start()
  await reflector.whenSynced()
  const holds = (name: string, expected = true) => new Promise<void>(resolve => {
    const look = () => {
      if ((reflector.get(`${ns}/${name}`) !== undefined) !== expected) return
      waiting.delete(look)
      resolve()
    }
    waiting.add(look)
    look()
  })
  const watches = () => proxy.count(({ query }) => query.has('watch'))
  return { proxy, reflector, holds, watches }
}

t.test('a reset stream loses no change', async t => {
  const { proxy, reflector, holds } = await behindProxy(t)
  for (const name of ['reset-1', 'reset-2', 'reset-3']) {
    await apply(name, {})
    await holds(name)
    proxy.reset()
  }
  proxy.cut()
  await apply('reset-4', {})
  await client.request('DELETE', `${configMaps}/reset-1`)
  proxy.mend()
  await holds('reset-4')
  await holds('reset-1', false)
  t.equal(reflector.relists, 0)
})

t.test('a silent stream is found dead and resumed', async t => {
  const { proxy, reflector, holds, watches } = await behindProxy(t, { idleMs: 300 })
  proxy.hang()
  await apply('silent', {})
  while (watches() < 2) await new Promise(resolve => setTimeout(resolve, 20))
  proxy.mend()
  await holds('silent')
  t.equal(reflector.relists, 0)
})

t.test('a 410 leads to a list that finds what was missed', async t => {
  const { proxy, reflector, holds } = await behindProxy(t)
  await apply('missed', {})
  await holds('missed')
  proxy.refuse(({ query }) => query.has('watch'), { status: 410, reason: 'Expired', times: 1 })
  proxy.cut()
  await client.request('DELETE', `${configMaps}/missed`)
  await apply('found', {})
  proxy.mend()
  await holds('found')
  await holds('missed', false)
  t.equal(reflector.relists, 1)
})
