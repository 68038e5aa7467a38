import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import t from 'tap'
import { containerCgroups, removeCgroups } from '../../local/cgroups.ts'

await t.test('a plane without a real node has no groups', async t => {
  t.strictSame(containerCgroups(t.testdir()), [])
})

await t.test('the groups of a plane are those of the containers that containerd knows', async t => {
  const dir = t.testdir({ node: { 'containerd-state': { 'io.containerd.runtime.v2.task': { 'k8s.io': { abc: {} } } } } })
  const groups = containerCgroups(dir)
  // Where there are control groups at all.
  t.ok(groups.every(group => /^\/sys\/fs\/cgroup\/(.+\/)?k8s\.io\/abc$/.test(group)))
  t.ok(groups.length > 0)
})

await t.test('only empty ones are removed, and their folder when it is empty too', async t => {
  const dir = t.testdir({ 'k8s.io': { empty: {}, lived: { in: {} } } })
  removeCgroups(['empty', 'lived', 'absent'].map(name => `${dir}/k8s.io/${name}`))
  t.notOk(existsSync(`${dir}/k8s.io/empty`))
  t.ok(existsSync(`${dir}/k8s.io/lived/in`))
  await mkdir(`${dir}/other/last`, { recursive: true })
  removeCgroups([`${dir}/other/last`])
  t.notOk(existsSync(`${dir}/other`))
})
