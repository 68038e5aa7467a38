// The parent's end of the watchdog: tells it which processes to end should we die without a word.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { startTimeOf } from './start-time.ts'

export interface Guard {
  /** Call it in the same turn in which the process was spawned: nothing may come between. */
  watch (pid: number): void
  /** Sends the watchdog home; the caller has cleared up. Resolves when it is gone. */
  dismiss (): Promise<void>
}

/** Starts a watchdog over directory `dir`. Like all processes of a plane it does not keep ours from ending. */
export function startGuard (dir: string, env: NodeJS.ProcessEnv): Guard {
  // fork knows the running Node; of what it sets up only standard input is used. Detached, so that the Ctrl-C that
  // ends us does not reach the watchdog.
  const child = fork(`${import.meta.dirname}/watchdog.ts`, [dir], {
    detached: true, execArgv: [], env, stdio: ['pipe', 'ignore', 'ignore', 'ipc']
  })
  const gone = once(child, 'exit')
  // Both are told by `gone`; nobody waits for it if the program ends first.
  gone.catch(() => {})
  child.stdin?.on('error', () => {})
  child.disconnect()
  child.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
  return {
    watch (pid) {
      const started = startTimeOf(pid)
      if (started) child.stdin?.write(`${pid} ${started}\n`)
    },
    async dismiss () {
      child.ref()
      child.stdin?.end('done\n')
      await gone
    }
  }
}
