import t from 'tap'
import { startProcess } from '../../local/process.ts'

const guard = { watch () {}, async dismiss () {} }
const never = async () => false

function run (dir: string, script: string) {
  return startProcess({ name: 'thing', file: process.execPath, args: ['--eval', script], env: {}, dir, guard })
}

await t.test('one that ends at its start is reported with its exit code and the end of its log', async t => {
  const thing = await run(t.testdir(), 'for (let i = 1; i <= 20; i++) console.error("line " + i); process.exitCode = 3')
  await t.rejects(thing.ready(never), { message: /^thing ended with 3 at its start; the end of its log:\nline 6\n(line \d+\n){13}line 20$/ })
  t.ok(thing.ended)
})

await t.test('one that finds its port taken ends as just that', async t => {
  const thing = await run(t.testdir(), 'console.error("bind: address already in use"); process.exitCode = 1')
  await t.rejects(thing.ready(never), { name: 'PortTakenError' })
})

await t.test('one that does not obey is killed after the grace', async t => {
  const thing = await run(t.testdir(), 'process.on("SIGTERM", () => {}); setInterval(() => {}, 60_000)')
  await thing.end('SIGTERM', 10)
  t.ok(thing.ended)
  await thing.end('SIGTERM')
})

await t.test('a program that is not there rejects', async t => {
  await t.rejects(startProcess({ name: 'thing', file: '/nowhere', args: [], env: {}, dir: t.testdir(), guard }), { code: 'ENOENT' })
})
