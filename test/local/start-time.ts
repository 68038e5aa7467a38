import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { startTimeByPs, startTimeOf } from '../../local/start-time.ts'

for (const [name, startTime] of Object.entries({ startTimeOf, startTimeByPs })) {
  await t.test(`${name} is the same for a process as long as it lives, and then there is none`, async t => {
    const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 60_000)'], { stdio: 'ignore' })
    t.teardown(() => child.kill('SIGKILL'))
    const pid = child.pid!
    const started = startTime(pid)
    t.match(started, /\d/)
    t.equal(startTime(pid), started)
    child.kill('SIGKILL')
    await once(child, 'exit')
    t.equal(startTime(pid), undefined)
  })
}
