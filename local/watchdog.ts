// A tiny program that outlives its control plane: when the parent dies without a word it ends what was left behind.
//
// Its argument is the plane's directory. On standard input come lines `PID START`, one for each process of the plane;
// `done` says that the parent has cleared up by itself. The end of the input, however it came about, is the parent's end.
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { containerCgroups, removeCgroups } from './cgroups.ts'
import { startTimeOf } from './start-time.ts'

const dir = process.argv[2]
const processes: { pid: number, started: string }[] = []
let done = false

for await (const line of createInterface({ input: process.stdin })) {
  const [, pid, started] = /^(\d+) (.+)$/.exec(line) ?? []
  if (pid && started) processes.push({ pid: Number(pid), started })
  if (line === 'done') done = true
}
if (!done) await clearUp()

async function clearUp (): Promise<void> {
  for (const { pid } of living()) process.kill(pid, 'SIGKILL')
  // What is still ending may still write; a hundred looks are five seconds.
  for (let looks = 0; living().length > 0 && looks < 100; looks++) await delay(50)
  if (dir) await removeCgroups(containerCgroups(dir))
  if (dir) await rm(dir, { recursive: true, force: true, maxRetries: 5 })
}

function living () {
  return processes.filter(({ pid, started }) => startTimeOf(pid) === started)
}
