import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import type { PlaneAddress } from '../../local/access.ts'
import { containerCgroups, removeCgroups } from '../../local/cgroups.ts'
import { startControlPlane } from '../../local/control-plane.ts'
import { restrictedPod, sharedNodePlane } from '../fixtures/node.ts'
import { type Traces, noTraces, tracesOf } from '../fixtures/node-traces.ts'

const shared = await sharedNodePlane(t)

await t.test('a second node at the same time has addresses of its own, and its stop leaves nothing', async t => {
  const plane = await startControlPlane({ env: process.env, nodes: 'containerd' })
  t.teardown(() => plane.stop())
  const { operator } = shared.images
  await t.rejects(shared.kubectl(['get', 'pod', 'second']), { message: /not found/ })
  await plane.load(operator)
  await plane.kubectl(['create', '--filename=-'], JSON.stringify(restrictedPod('second', operator, 'setInterval(() => {}, 60_000)')))
  await plane.kubectl(['wait', '--for=condition=Ready', 'pod/second', '--timeout=60s'])
  t.not(plane.hostAddress, shared.hostAddress)
  const during = tracesOf(plane)
  t.ok(during.processes > 8 && during.cgroups > 0 && during.addresses === 1, JSON.stringify(during))
  t.equal(during.mounts, 0, 'its mounts are not seen from here')
  const cgroups = containerCgroups(plane.dir)
  await plane.stop()
  t.strictSame(tracesOf(plane, cgroups), noTraces)
  t.match(await shared.kubectl(['get', 'nodes', '--output=jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}']), 'True')
})

await t.test('a kubelet that is killed can be started again, and its pods go on', async t => {
  const plane = await startControlPlane({ env: process.env, nodes: 'containerd', images: [shared.images.operator] })
  t.teardown(() => plane.stop())
  await plane.kubectl(['create', '--filename=-'], JSON.stringify(restrictedPod('stays', shared.images.operator, 'setInterval(() => {}, 60_000)')))
  await plane.kubectl(['wait', '--for=condition=Ready', 'pod/stays', '--timeout=60s'])
  await plane.kill('kubelet')
  await plane.restart('kubelet')
  // It has to hear of its pods first; tap's time limit is the bound.
  while (!(await plane.kubectl(['get', '--raw=/api/v1/nodes/n0/proxy/pods'])).includes('"stays"')) await delay(50)
  await plane.kubectl(['exec', 'stays', '--', 'node', '--version'])
  t.equal(await plane.kubectl(['get', 'pod', 'stays', '--output=jsonpath={.status.containerStatuses[0].restartCount}']), '0')
})

await t.test('a plane whose starter is killed leaves nothing of its node', async t => {
  const starter = spawn(process.execPath, ['test/fixtures/orphan-node.ts'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => starter.kill('SIGKILL'))
  const [line] = await once(createInterface({ input: starter.stdout }), 'line') as [string]
  const { traces, cgroups, ...address } = JSON.parse(line) as Pick<PlaneAddress, 'dir' | 'hostAddress'> & { traces: Traces, cgroups: string[] }
  t.ok(traces.processes > 8 && traces.cgroups > 0, JSON.stringify(traces))
  starter.kill('SIGKILL')
  await once(starter, 'exit')
  // The watchdog that clears up lives on a moment after the folder is gone. Tap's time limit is the bound.
  const isClear = () => isDeepStrictEqual(tracesOf(address, cgroups), noTraces)
  while (!isClear()) await delay(50)
  t.pass('nothing is left')
})

await t.test('a control group goes as soon as the last process in it has ended', async t => {
  // A group of CPU sets takes no process before it is told of CPUs.
  const hierarchy = containerCgroups(shared.dir).map(group => dirname(group)).find(path => !path.includes('cpuset') && existsSync(join(path, 'cgroup.procs')))
  const group = join(hierarchy ?? 'none', `topicten-${process.pid}`)
  await mkdir(group)
  const ending = spawn('sleep', ['0.3'])
  await writeFile(join(group, 'cgroup.procs'), `${ending.pid}`)
  const ended = once(ending, 'exit')
  await removeCgroups([group])
  t.notOk(existsSync(group))
  t.strictSame(await ended, [0, null])
})
