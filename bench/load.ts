// N TopicTens at once: until each has its Deployment and its status, until each is at one replica, and at what cost.
import { setTimeout as delay } from 'node:timers/promises'
import type { Figures } from './figures.ts'
import type { OperatorProcess } from './operator-process.ts'
import type { Operator } from './operators.ts'
import { cpuSeconds, memoryOf } from './proc.ts'
import { requestCounts, requestFigures } from './request-counts.ts'
import type { BenchSpec, Stage } from './stage.ts'
import { quantile } from './statistics.ts'
import { count, gapsOf, track, type Tracker } from './tracker.ts'
import { startWarm } from './warm.ts'

export interface Load {
  count: number
  intervalMs: number
  /** Counts down to one replica; otherwise it ends when all exist. */
  toOne: boolean
  /** What each spec has of its own, beside its replicas. */
  specOf?: (index: number) => Partial<BenchSpec>
}

// 2, 3, 4 and 5 in turn, 3.5 on average: so many writes of a Deployment are the ideal.
const replicasOf = (index: number): number => 2 + index % 4

/** `more` measures further, at the end, while the operator still runs. */
export async function measureLoad (
  stage: Stage, operator: Operator, load: Load, more: (tracker: Tracker) => Promise<Figures> = async () => ({})
): Promise<Figures> {
  const tracker = await track(stage.client, stage.namespace, stage.launcher.podNamespace)
  try {
    const process = await startWarm(stage, tracker, operator, load.intervalMs)
    try {
      return { ...await run(stage, tracker, process, load), ...await more(tracker) }
    } finally {
      await process.stop()
    }
  } finally {
    await tracker.stop()
  }
}

async function run (stage: Stage, tracker: Tracker, process: OperatorProcess, load: Load): Promise<Figures> {
  const n = load.count
  const before = await requestCounts(stage.client)
  const cpu = async () => Promise.all([process.pid, stage.apiServerPid].map(cpuSeconds))
  const cpuBefore = await cpu()
  const from = performance.now()
  const seconds = async (what: string, holds: () => boolean) => (await tracker.until(what, holds) - from) / 1000
  const all = <T>(entries: Map<string, T>, holds?: (value: T) => boolean) => () => count(entries, holds) === n
  const specOf = (index: number) => ({ replicas: replicasOf(index), ...load.specOf?.(index) })
  const posted = stage.create(n, specOf).then(() => (performance.now() - from) / 1000)
  const exist = seconds('all Deployments', all(tracker.steps))
  const reported = seconds('all statuses', all(tracker.statuses))
  const times: Figures = { 'TopicTens posted, s': await posted, 'Deployments exist, s': await exist, 'and statuses, s': await reported }
  if (load.toOne) {
    times['all at one, s'] = await seconds('one replica everywhere', all(tracker.steps, steps => steps.at(-1)?.replicas === 1))
    times['and statuses at one, s'] = await seconds('all statuses at one', all(tracker.statuses, replicas => replicas === 1))
  }
  // What it still does when all is done counts as well.
  await delay(1000)
  const [own = 0, apiServer = 0] = (await cpu()).map((seconds, index) => seconds - (cpuBefore[index] ?? 0))
  const { rssMiB, peakMiB } = await memoryOf(process.pid)
  const requests = requestFigures(before, await requestCounts(stage.client), n)
  return {
    ...times,
    ...(load.toOne ? gapFigures(tracker) : {}),
    'CPU, s': own,
    'CPU, ms each': 1000 * own / n,
    'CPU of the API server, ms each': 1000 * apiServer / n,
    'RSS at the end, MiB': rssMiB,
    'peak RSS, MiB': peakMiB,
    ...specFigures(tracker, n, load.toOne),
    ...requests
  }
}

function gapFigures ({ steps }: Tracker): Figures {
  const gaps = gapsOf(steps)
  const at = (q: number) => (quantile(gaps, q) ?? 0) / 1000
  return { 'step gap min, s': at(0), 'step gap p50, s': at(0.5), 'step gap p99, s': at(0.99), 'step gap max, s': at(1) }
}

/** Faults of the countdown itself; all are to be zero. */
function specFigures ({ steps, generations }: Tracker, n: number, toOne: boolean): Figures {
  const ideal = Array.from({ length: n }, (_, index) => toOne ? replicasOf(index) : 1).reduce((sum, each) => sum + each, 0)
  let changes = 0
  for (const [name, generation] of generations) if (name.startsWith('tt-')) changes += generation
  const jumps = [...steps.values()].flatMap(seen => seen.slice(1).filter(({ replicas }, index) => replicas + 1 !== seen[index]?.replicas))
  return { 'needless spec changes': changes - ideal, 'steps by other than one': jumps.length }
}
