import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { runCommand } from '../../local/command.ts'
import { startGitServer } from '../../local/git-server.ts'

const { env } = process
const plain = { ...env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
const git = (cwd: string, ...args: string[]) => runCommand('git', args, { cwd, env: plain })

await t.test('what is pushed can be cloned, by its commit, and what is taken away is gone', async t => {
  const dir = t.testdir()
  const server = await startGitServer({ env, within: dir })
  t.teardown(() => server.stop())
  const first = await server.push({ 'a/b.yaml': 'one', 'c.yaml': 'two' })
  await git(dir, 'clone', '--quiet', server.url, 'clone')
  t.equal(await readFile(join(dir, 'clone/a/b.yaml'), 'utf8'), 'one')
  t.equal((await git(join(dir, 'clone'), 'rev-parse', 'origin/main')).trim(), first)

  const second = await server.push({ 'a/b.yaml': undefined, 'c.yaml': 'three' }, 'Take one away')
  await git(join(dir, 'clone'), 'pull', '--quiet')
  t.strictSame((await readdir(join(dir, 'clone'))).sort(), ['.git', 'c.yaml'])
  t.match(await git(join(dir, 'clone'), 'log', '-1', '--format=%H %s %an'), `${second} Take one away topicten`)
})

await t.test('another may push too, more than a megabyte at once, and is told to fetch first by git itself', async t => {
  const dir = t.testdir()
  const server = await startGitServer({ env, within: dir })
  t.teardown(() => server.stop())
  await server.push({ a: '1' })
  await git(dir, 'clone', '--quiet', server.url, 'clone')
  const clone = join(dir, 'clone')
  // Numbers do not compress away: git sends what is large in chunks.
  const large = Array.from({ length: 300_000 }, (_, index) => (index * 2_654_435_761) % 1_000_000_007).join('\n')
  t.ok(large.length > 2_000_000)
  await runCommand('tee', [join(clone, 'large')], { env: plain, input: large })
  await git(clone, 'add', '--all')
  await git(clone, '-c', 'user.name=other', '-c', 'user.email=other@localhost', 'commit', '--quiet', '--message=Add')
  await git(clone, 'push', '--quiet')
  await t.rejects(server.push({ a: '2' }), { message: /fetch first/ })
})

await t.test('pushes made at once are obeyed in their order, a change or not', async t => {
  const dir = t.testdir()
  const server = await startGitServer({ env, within: dir })
  t.teardown(() => server.stop())
  const ids = await Promise.all(['1', '2', '2', '3'].map(a => server.push({ a })))
  await git(dir, 'clone', '--quiet', server.url, 'clone')
  t.strictSame((await git(join(dir, 'clone'), 'log', '--reverse', '--format=%H')).trim().split('\n'), ids)
})

await t.test('what is not there is answered with 404, and stop leaves nothing', async t => {
  const dir = t.testdir()
  const server = await startGitServer({ env, within: dir })
  const { status } = await fetch(`${server.url.replace('repository', 'other')}/info/refs?service=git-upload-pack`)
  t.equal(status, 404)
  await server.stop()
  await t.rejects(fetch(server.url))
  t.strictSame(await readdir(dir), [])
})

await t.test('without git it is refused, and nothing is left', async t => {
  const dir = t.testdir()
  await t.rejects(startGitServer({ env: { PATH: dir }, within: dir }), { code: 'ENOENT' })
  t.strictSame(await readdir(dir), [])
})
