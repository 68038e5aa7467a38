import { globSync } from 'node:fs'
import t from 'tap'
import { containerCgroups, removeCgroups } from '../../local/cgroups.ts'

await t.test('a plane without a real node has no groups', async t => {
  t.strictSame(containerCgroups(t.testdir()), [])
})

await t.test('the groups of a plane are those of the containers that containerd knows', async t => {
  const dir = t.testdir({ node: { 'containerd-state': { 'io.containerd.runtime.v2.task': { 'k8s.io': { abc: {} } } } } })
  const groups = containerCgroups(dir)
  // Where there are control groups at all.
  t.ok(groups.every(group => /^\/sys\/fs\/cgroup\/(.+\/)?k8s\.io(\/abc)?$/.test(group)))
  t.ok(groups.length > 0)
  t.match(groups.at(-1), /k8s\.io$/, 'the folder of them all comes after them')
})

await t.test('only empty ones are removed', async t => {
  const dir = t.testdir({ 'k8s.io': { empty: {}, lived: { in: {} } }, other: { last: {} } })
  await removeCgroups(['k8s.io/empty', 'k8s.io/lived', 'k8s.io/absent', 'k8s.io', 'other/last', 'other'].map(name => `${dir}/${name}`))
  t.strictSame(globSync('**', { cwd: dir }).sort(), ['', 'k8s.io', 'k8s.io/lived', 'k8s.io/lived/in'].map(name => name || '.'))
})
