// One operator as a process on a core of its own: start, wait until it is ready, read what it costs, end.
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
  /** Monotonic milliseconds. */
  readonly startedAt: number
  readonly ended: boolean
  readonly exited: Promise<unknown>
  /** Resolves with the milliseconds from its start until it said that it was ready; rejects when it ends before. */
  ready (): Promise<number>
  signal (signal: NodeJS.Signals): void
  /** SIGTERM, after 20 s SIGKILL. Resolves with the milliseconds that took. */
  stop (): Promise<number>
  /** User and system time so far, in seconds; the kernel counts in ticks of 10 ms. */
  cpuSeconds (): Promise<number>
  memory (): Promise<{ rssMiB: number, peakMiB: number }>
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
    startedAt,
    get ended () { return hasEnded(child) },
    exited,
    ready: () => untilReady(child, operator.readyUrl(assignment), startedAt, log),
    signal: signal => { child.kill(signal) },
    stop: () => stop(child, exited),
    cpuSeconds: () => cpuSeconds(pid),
    memory: () => memory(pid)
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

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; fields 14 and 15. */
async function cpuSeconds (pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function memory (pid: number): Promise<{ rssMiB: number, peakMiB: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { rssMiB: mib('VmRSS'), peakMiB: mib('VmHWM') }
}
