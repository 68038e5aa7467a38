import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startTimeOf } from '../../local/start-time.ts'

await t.test('a plane whose parent is killed leaves no process and no directory', async t => {
  const parent = spawn(process.execPath, ['test/fixtures/orphan.ts'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => parent.kill('SIGKILL'))
  const [line] = await once(createInterface({ input: parent.stdout }), 'line') as [string]
  const { dir, pids } = JSON.parse(line) as { dir: string, pids: number[] }
  const started = pids.map(startTimeOf)
  t.equal(started.filter(Boolean).length, 5, 'its processes are there')
  t.ok(existsSync(dir))

  parent.kill('SIGKILL')
  await once(parent, 'exit')
  await untilTrue(() => !existsSync(dir))
  t.strictSame(pids.filter((pid, i) => startTimeOf(pid) === started[i]), [])
})

await t.test('it keeps its hands off a process that only has the number of one it was told of', async t => {
  const dir = t.testdir({ plane: { file: '' } })
  const bystander = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 60_000)'], { stdio: 'ignore' })
  t.teardown(() => bystander.kill('SIGKILL'))
  const watchdog = spawn(process.execPath, ['local/watchdog.ts', `${dir}/plane`], { stdio: ['pipe', 'inherit', 'inherit'] })
  watchdog.stdin.end(`${bystander.pid} another time\n`)
  t.strictSame(await once(watchdog, 'exit'), [0, null])
  t.equal(bystander.exitCode ?? bystander.signalCode, null)
  t.notOk(existsSync(`${dir}/plane`))
})

await t.test('told that all is done, it leaves everything as it is', async t => {
  const dir = t.testdir({ plane: {} })
  const watchdog = spawn(process.execPath, ['local/watchdog.ts', `${dir}/plane`], { stdio: ['pipe', 'inherit', 'inherit'] })
  watchdog.stdin.end('done\n')
  t.strictSame(await once(watchdog, 'exit'), [0, null])
  t.ok(existsSync(`${dir}/plane`))
})

/** Tap's time limit is the bound. */
async function untilTrue (condition: () => boolean): Promise<void> {
  while (!condition()) await delay(50)
}
