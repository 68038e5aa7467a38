// `bench faults`: two of our operators count down while the leader is hit at random moments; what came of it is judged by effect.
import { setTimeout as delay } from 'node:timers/promises'
import type { Figures, Run } from './figures.ts'
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts'
import type { Operator } from './operators.ts'
import type { Stage } from './stage.ts'
import { count, gapsOf, track, type Tracker } from './tracker.ts'
import { startWarm } from './warm.ts'

export const faultKinds = ['SIGTERM', 'SIGKILL', 'SIGSTOP'] as const
export type FaultKind = typeof faultKinds[number]

export interface FaultOptions {
  operator: Operator
  kinds: FaultKind[]
  /** Of each kind. */
  rounds: number
  intervalMs: number
  onProgress: (line: string) => void
  onRun: (run: Run) => void
  random?: () => number
}

const objects = 10
const replicas = 5
const lease = { LEASE_DURATION_SECONDS: '3', LEASE_RENEW_DEADLINE_SECONDS: '2', LEASE_RETRY_SECONDS: '0.5' }
const leaseMs = 3000
/** No two steps of one TopicTen come closer than this part of the interval. */
const leastGap = 0.9

/** What is wrong with a countdown; all counts are to be zero. */
export interface Verdict {
  closeSteps: number
  wrongSequences: number
  needlessChanges: number
}

/** Judges `names` counted down from 5 at `intervalMs`: each sequence exact, no spec change beyond it, no two steps too close. */
export function judge ({ steps, generations }: Pick<Tracker, 'steps' | 'generations'>, intervalMs: number): Verdict {
  const measured = [...steps].filter(([name]) => name.startsWith('tt-'))
  return {
    closeSteps: gapsOf(steps).filter(gap => gap < leastGap * intervalMs).length,
    wrongSequences: measured.filter(([, seen]) => seen.map(each => each.replicas).join() !== '5,4,3,2,1').length,
    needlessChanges: measured.reduce((sum, [name]) => sum + (generations.get(name) ?? 0) - replicas, 0)
  }
}

/** Gives how many rounds went wrong. */
export async function faults (stage: Stage, options: FaultOptions): Promise<number> {
  let wrong = 0
  for (let round = 1; round <= options.rounds; round++) {
    for (const kind of options.kinds) {
      await stage.clear()
      const figures = await faultRound(stage, kind, options)
      const faulty = ['steps closer than 0.9 intervals', 'sequences other than 5,4,3,2,1', 'needless spec changes', 'operators that ended'].some(name => figures[name] !== 0)
      if (faulty) wrong++
      options.onProgress(`round ${round} of ${options.rounds}: ${kind} to the leader: ${faulty ? 'WRONG' : 'right'}`)
      options.onRun({ operator: options.operator.name, section: `${kind} to the leader at a random moment`, round, figures })
    }
  }
  return wrong
}

async function faultRound (stage: Stage, kind: FaultKind, { operator, intervalMs, random = Math.random }: FaultOptions): Promise<Figures> {
  const tracker = await track(stage.client, stage.namespace, stage.launcher.podNamespace)
  const processes: OperatorProcess[] = []
  try {
    const leader = await startWarm(stage, tracker, operator, intervalMs, lease)
    processes.push(leader)
    const other = await startOperatorProcess(operator, intervalMs, stage.launcher, lease)
    processes.push(other)
    await other.ready()
    const from = performance.now()
    const creation = stage.create(objects, () => replicas)
    const momentMs = random() * (replicas - 1) * intervalMs
    await delay(momentMs)
    const hit = hitLeader(leader, kind)
    await Promise.all([creation, hit])
    await tracker.until('one replica everywhere', () => count(tracker.steps, seen => seen.at(-1)?.replicas === 1) === objects, 60_000)
    const done = performance.now()
    // Whatever a leader that comes back, or a second one, still does shows within an interval.
    await delay(intervalMs)
    const verdict = judge(tracker, intervalMs)
    return {
      'hit after, s': momentMs / 1000,
      'all at one, s': (done - from) / 1000,
      'least gap of two steps, intervals': Math.min(...gapsOf(tracker.steps)) / intervalMs,
      'lease changed hands': new Set(tracker.holders.map(({ holder }) => holder).filter(holder => holder !== '')).size - 1,
      'steps closer than 0.9 intervals': verdict.closeSteps,
      'sequences other than 5,4,3,2,1': verdict.wrongSequences,
      'needless spec changes': verdict.needlessChanges,
      'operators that ended': processes.filter(process => process.ended && (process !== leader || kind === 'SIGSTOP')).length
    }
  } finally {
    await Promise.all(processes.map(process => process.stop()))
    await tracker.stop()
  }
}

/** A stopped one sleeps past its lease and up to two intervals' worth more, then wakes in the belief that it still leads. */
async function hitLeader (leader: OperatorProcess, kind: FaultKind): Promise<void> {
  leader.signal(kind)
  if (kind !== 'SIGSTOP') return
  await delay(leaseMs + 1500)
  leader.signal('SIGCONT')
}
