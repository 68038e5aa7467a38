// Two operators, the leader of which is ended in the middle of a countdown: how long until the other leads and acts.
import { setTimeout as delay } from 'node:timers/promises'
import type { Figures } from './figures.ts'
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts'
import type { Operator } from './operators.ts'
import type { Stage } from './stage.ts'
import { count, gapsOf, type Step, track, type Tracker } from './tracker.ts'
import { startWarm } from './warm.ts'

const objects = 10
const replicas = 5
// It must have seen the lease before its holder goes.
const standbyMs = 3000

/** The standard lease of both: 15 s, renewed within 10 s, looked at every 2 s. */
export async function measureFailover (
  stage: Stage, operator: Operator, signal: 'SIGTERM' | 'SIGKILL', intervalMs: number
): Promise<Figures> {
  const tracker = await track(stage.client, stage.namespace, stage.launcher.podNamespace)
  const processes: OperatorProcess[] = []
  try {
    const leader = await startWarm(stage, tracker, operator, intervalMs)
    processes.push(leader)
    const other = await startOperatorProcess(operator, intervalMs, stage.launcher)
    processes.push(other)
    await other.ready()
    await delay(standbyMs)
    return await run(stage, tracker, leader, signal, intervalMs)
  } finally {
    await Promise.all(processes.map(process => process.stop()))
    await tracker.stop()
  }
}

async function run (
  stage: Stage, tracker: Tracker, leader: OperatorProcess, signal: 'SIGTERM' | 'SIGKILL', intervalMs: number
): Promise<Figures> {
  const holder = tracker.holders.at(-1)?.holder
  const measured = () => [...tracker.steps].filter(([name]) => name.startsWith('tt-')).flatMap(([, seen]) => seen.slice(1))
  await stage.create(objects, () => ({ replicas }))
  await tracker.until('the first step', () => measured().length > 0)
  await delay(intervalMs / 4)
  const from = performance.now()
  leader.signal(signal)
  await leader.exited
  const gone = performance.now()
  const taken = () => tracker.holders.find(each => each.at > from && each.holder !== '' && each.holder !== holder)
  await tracker.until('the other to take the lease', () => taken() !== undefined)
  const at = taken()?.at ?? from
  await tracker.until('one replica everywhere', () => count(tracker.steps, seen => seen.at(-1)?.replicas === 1) === objects)
  const done = performance.now()
  await tracker.until('all statuses at one', () => count(tracker.statuses, each => each === 1) === objects)
  const gaps = gapsOf(tracker.steps)
  return {
    'leader gone, s': (gone - from) / 1000,
    'lease taken, s': (at - from) / 1000,
    'first step, s': (firstAfter(measured(), at) - from) / 1000,
    'all at one, s': (done - from) / 1000,
    'least gap of two steps, s': Math.min(...gaps) / 1000,
    'needless spec changes': [...tracker.generations].filter(([name]) => name.startsWith('tt-')).reduce((sum, [, each]) => sum + each - replicas, 0)
  }
}

function firstAfter (steps: Step[], at: number): number {
  return Math.min(...steps.map(step => step.at).filter(each => each > at))
}
