// `bench faults`: two of our operators count down while the leader is hit at random moments; the API server's audit log
// tells what came of it.
import { setTimeout as delay } from 'node:timers/promises'
import type { Figures, Run } from './figures.ts'
import type { FaultKind } from './modes.ts'
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts'
import type { Operator } from './operators.ts'
import type { Stage } from './stage.ts'
import { count, gapsOf, type Step, track } from './tracker.ts'
import { startWarm } from './warm.ts'
import { writtenSteps } from './written-steps.ts'

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

/** What is wrong with countdowns; both counts are to be zero. */
export interface Verdict {
  closeSteps: number
  wrongSequences: number
}

/** Judges writes of countdowns from 5 at `intervalMs`: none missing, none too many, no two too close. */
export function judge (steps: Map<string, Step[]>, intervalMs: number): Verdict {
  return {
    closeSteps: gapsOf(steps).filter(gap => gap < leastGap * intervalMs).length,
    wrongSequences: [...steps.values()].filter(seen => seen.map(each => each.replicas).join() !== '5,4,3,2,1').length
  }
}

const faulty = ['steps closer than 0.9 intervals', 'writes other than 5,4,3,2,1', 'operators that ended']

/** Gives how many rounds went wrong. */
export async function faults (stage: Stage, options: FaultOptions): Promise<number> {
  let wrong = 0
  for (let round = 1; round <= options.rounds; round++) {
    for (const kind of options.kinds) {
      await stage.clear()
      const figures = await faultRound(stage, kind, options)
      const isWrong = faulty.some(name => figures[name] !== 0)
      if (isWrong) wrong++
      options.onProgress(`round ${round} of ${options.rounds}: ${kind} to the leader: ${isWrong ? 'WRONG' : 'right'}`)
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
    const before = (await stage.auditEvents()).length
    const from = performance.now()
    const creation = stage.create(objects, () => ({ replicas }))
    const momentMs = random() * (replicas - 1) * intervalMs
    await delay(momentMs)
    const hit = hitLeader(leader, kind)
    await Promise.all([creation, hit])
    await tracker.until('one replica everywhere', () => count(tracker.steps, seen => seen.at(-1)?.replicas === 1) === objects, 60_000)
    const done = performance.now()
    // Whatever a leader that comes back, or a second one, still does shows within an interval.
    await delay(intervalMs)
    const written = writtenSteps((await stage.auditEvents()).slice(before), stage.namespace)
    const verdict = judge(written, intervalMs)
    return {
      'hit after, s': momentMs / 1000,
      'all at one, s': (done - from) / 1000,
      'least gap of two steps, intervals': Math.min(...gapsOf(written)) / intervalMs,
      'lease changed hands': new Set(tracker.holders.map(({ holder }) => holder).filter(holder => holder !== '')).size - 1,
      'steps closer than 0.9 intervals': verdict.closeSteps,
      'writes other than 5,4,3,2,1': verdict.wrongSequences,
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
