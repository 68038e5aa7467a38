// One operator as a process on a core of its own: start, wait until it is ready, end.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { runCommand } from '../local/command.ts'
import { type Guard } from '../local/guard.ts'
import { freePorts } from '../local/ports.ts'
import type { Assignment, Operator } from './operators.ts'

export interface OperatorProcess {
  readonly pid: number
  readonly podName: string
  readonly ports: Assignment['ports']
  /** Monotonic milliseconds. */
  readonly startedAt: number
  readonly ended: boolean
  readonly exited: Promise<unknown>
  /** Resolves with the milliseconds from its start until it said that it was ready; rejects when it ends before. */
  ready (): Promise<number>
  signal (signal: NodeJS.Signals): void
  /** SIGTERM, after 20 s SIGKILL. Resolves with the milliseconds that took. */
  stop (): Promise<number>
}

export interface Launcher {
  /** Core for the operators; undefined where there is one only, or no taskset. */
  core: number | undefined
  kubeconfig: string
  podNamespace: string
  /** Where their output goes. */
  dir: string
  guard: Guard
}

/** The core operators are pinned to, so that nothing of the harness takes time from them. */
export async function operatorCore (): Promise<number | undefined> {
  if (availableParallelism() < 2) return undefined
  return await runCommand('taskset', ['--version'], { env: process.env }).then(() => 1, () => undefined)
}

let started = 0

/** Starts an operator under a name of its own. */
export async function startOperatorProcess (
  operator: Operator, intervalMs: number, { core, kubeconfig, podNamespace, dir, guard }: Launcher, env?: NodeJS.ProcessEnv
): Promise<OperatorProcess> {
  const [webhook, health, metrics] = await freePorts(3) as [number, number, number]
  const podName = `${operator.name.replace(/[^a-z0-9]+/g, '-')}-${started++}`
  const assignment: Assignment = { kubeconfig, podNamespace, podName, intervalMs, ports: { webhook, health, metrics }, env }
  const pinned = [...(core === undefined ? [] : ['taskset', '-c', String(core)]), ...operator.command(assignment)]
  const log = `${dir}/${podName}.log`
  const descriptor = openSync(log, 'a')
  const startedAt = performance.now()
  const child = spawn(pinned[0] ?? '', pinned.slice(1), {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...operator.env(assignment) }, stdio: ['ignore', descriptor, descriptor]
  })
  closeSync(descriptor)
  if (child.pid !== undefined) guard.watch(child.pid)
  const exited = once(child, 'exit')
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  return {
    pid,
    podName,
    ports: assignment.ports,
    startedAt,
    get ended () { return hasEnded(child) },
    exited,
    ready: () => untilReady(child, operator.readyUrl(assignment), startedAt, log),
    signal: signal => { child.kill(signal) },
    stop: () => stop(child, exited)
  }
}

function hasEnded (child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function untilReady (child: ChildProcess, url: string, startedAt: number, log: string): Promise<number> {
  while (performance.now() - startedAt < 60_000) {
    if (hasEnded(child)) break
    const ok = await fetch(url).then(async answer => { await answer.text(); return answer.ok }, () => false)
    if (ok) return performance.now() - startedAt
    await delay(2)
  }
  const tail = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-10).join('\n')
  throw new Error(`an operator was not ready within a minute, or ended before; the end of its log:\n${tail}`)
}

async function stop (child: ChildProcess, exited: Promise<unknown>): Promise<number> {
  const from = performance.now()
  if (hasEnded(child)) return 0
  child.kill('SIGTERM')
  child.kill('SIGCONT')
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await exited
  clearTimeout(timer)
  return performance.now() - from
}
