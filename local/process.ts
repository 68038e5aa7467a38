// One component as a process of its own: start, wait until it is ready, end.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Guard } from './guard.ts'

export interface ComponentProcess {
  readonly name: string
  readonly pid: number
  readonly ended: boolean
  /** Sends `signal`, after `graceMs` (if given) SIGKILL, and resolves when the process is gone. */
  end (signal: NodeJS.Signals, graceMs?: number): Promise<void>
  /**
   * Resolves when `isReady` says so. Rejects with the end of the component's log when it ends before, or is not ready
   * within a minute; with PortTakenError when it ended because another process was faster.
   */
  ready (isReady: () => Promise<boolean>): Promise<void>
}

/** Somebody else listens on the port that a component was given. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError'
}

/** Starts what takes free ports of its own, again on others while another process was faster: five times at most. */
export async function onFreshPorts<T> (start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start()
    } catch (error) {
      if (!(error instanceof PortTakenError) || tries === 5) throw error
    }
  }
}

export interface ComponentStart {
  name: string
  file: string
  args: string[]
  env: NodeJS.ProcessEnv
  /** Its working directory; the log NAME.log is in it. */
  dir: string
  guard: Guard
}

const readyWithinMs = 60_000
const pauseMs = 50

/** Starts a component. Rejects when there is no such file. */
export async function startProcess ({ name, file, args, env, dir, guard }: ComponentStart): Promise<ComponentProcess> {
  const log = `${dir}/${name}.log`
  const descriptor = openSync(log, 'a', 0o600)
  // In a group of its own: a Ctrl-C is ours, and it is for us to decide what it means for the plane.
  const child = spawn(file, args, { cwd: dir, env, detached: true, stdio: ['ignore', descriptor, descriptor] })
  closeSync(descriptor)
  if (child.pid !== undefined) guard.watch(child.pid)
  await once(child, 'spawn')
  child.unref()
  return {
    name,
    pid: child.pid ?? 0,
    get ended () { return hasEnded(child) },
    end: (signal, graceMs) => endChild(child, signal, graceMs),
    ready: isReady => untilReady(child, isReady, (what, cause) => failure(name, log, what, cause))
  }
}

function hasEnded (child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function endChild (child: ChildProcess, signal: NodeJS.Signals, graceMs?: number): Promise<void> {
  if (hasEnded(child)) return
  child.ref()
  const exit = once(child, 'exit')
  child.kill(signal)
  const timer = graceMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), graceMs)
  await exit
  clearTimeout(timer)
}

async function untilReady (
  child: ChildProcess, isReady: () => Promise<boolean>, fail: (what: string, cause: unknown) => Promise<Error>
): Promise<void> {
  const deadline = performance.now() + readyWithinMs
  let last: unknown
  for (;;) {
    const ready = await isReady().catch((error: unknown) => { last = error; return false })
    if (hasEnded(child)) throw await fail(`ended with ${child.signalCode ?? child.exitCode} at its start`, undefined)
    if (ready) return
    if (performance.now() > deadline) throw await fail(`is not ready after ${readyWithinMs / 1000} s`, last)
    await delay(pauseMs)
  }
}

async function failure (name: string, log: string, what: string, cause: unknown): Promise<Error> {
  const tail = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-15).join('\n')
  const Failure = tail.includes('address already in use') ? PortTakenError : Error
  return new Failure(`${name} ${what}; the end of its log:\n${tail}`, { cause })
}
