import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { startControlPlane } from '../../local/control-plane.ts'
import { startTimeOf } from '../../local/start-time.ts'
import { privateControlPlane } from '../fixtures/control-plane.ts'

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const

await t.test('two planes at once are two clusters, and what one stops the other keeps', async t => {
  const [one, two] = await Promise.all([privateControlPlane(t), startControlPlane({ env: process.env })])
  t.teardown(() => two.stop())
  const pids = components.map(two.pid)
  await one.kubectl(['create', 'deployment', 'only-here', '--image=localhost/x', '--replicas=2'])
  await one.kubectl(['rollout', 'status', 'deployment/only-here', '--timeout=60s'])
  t.equal(await two.kubectl(['get', 'deployments', '--all-namespaces', '--output=name']), '')
  await two.stop()
  t.notOk(existsSync(two.dir), 'a stop leaves no directory')
  t.strictSame(pids.map(startTimeOf), pids.map(() => undefined), 'and no process')
  t.equal(await one.kubectl(['get', 'deployment', 'only-here', '--output=jsonpath={.status.availableReplicas}']), '2')
})

await t.test('on a plane of etcd and the API server alone', async t => {
  const plane = await privateControlPlane(t, {
    nodes: 'none', scheduler: false, controllerManager: false, apiServerFlags: ['--watch-cache=false']
  })
  const created = async (name: string) => plane.kubectl(
    ['create', 'configmap', name, '--output=jsonpath={.metadata.resourceVersion}'])
  const watchFrom = (version: string) => plane.kubectl(
    ['get', `--raw=/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=1&resourceVersion=${version}`])

  await t.test('a component it does not have is named', async t => {
    t.throws(() => plane.pid('kwok'), { message: 'this control plane has no kwok, only etcd, kube-apiserver' })
  })

  await t.test('a compaction makes an old watch end with 410', async t => {
    const old = await created('a')
    await created('b')
    t.match(await watchFrom(old), /"name":"b"/, 'before it, the watch goes on where it was')
    await plane.compact()
    t.match(JSON.parse(await watchFrom(old)), { type: 'ERROR', object: { kind: 'Status', code: 410 } })
  })

  await t.test('an API server that was killed comes back at the same address with the same objects', async t => {
    const before = plane.pid('kube-apiserver')
    await plane.kill('kube-apiserver')
    t.equal(startTimeOf(before), undefined)
    await t.rejects(plane.kubectl(['get', 'configmaps']), { message: /refused/ })
    await plane.restart('kube-apiserver')
    t.not(plane.pid('kube-apiserver'), before)
    t.match(await plane.kubectl(['get', 'configmaps', '--output=name']), 'configmap/a\nconfigmap/b\n')
  })

  await t.test('etcd can be restarted while it runs, and forgets nothing', async t => {
    await plane.restart('etcd')
    await plane.restart('kube-apiserver')
    t.match(await plane.kubectl(['get', 'configmaps', '--output=name']), 'configmap/a\n')
  })
})

await t.test('a component that ends at its start is reported with the end of its log', async t => {
  const lines: string[] = []
  await t.rejects(startControlPlane({
    env: process.env, apiServerFlags: ['--no-such-flag'], onProgress: line => lines.push(line)
  }), { message: /^kube-apiserver ended with 1 at its start; the end of its log:\n(.*\n)*.*unknown flag: --no-such-flag/ })
  t.strictSame(lines, ['starting etcd', 'starting kube-apiserver'])
})

await t.test('a port that others hold is left to them, and after five tries the plane gives up', async t => {
  const other = createServer()
  await once(other.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => other.close())
  const lines: string[] = []
  await t.rejects(startControlPlane({
    env: process.env, apiServerFlags: [`--secure-port=${(other.address() as AddressInfo).port}`], onProgress: line => lines.push(line)
  }), { name: 'PortTakenError' })
  t.equal(lines.filter(line => line === 'starting kube-apiserver').length, 5)
})
