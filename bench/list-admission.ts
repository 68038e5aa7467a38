// Admission while a long list of TopicTens is read: when an operator starts, and when its watch was too old and it lists anew.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createTopicTen, latenciesOf, openConnections, runLoad, targetOf } from './admission-load.ts'
import { type ExpiringProxy, startExpiringProxy } from './expiring-proxy.ts'
import type { Figures, Run } from './figures.ts'
import type { LoadResult } from './generator.ts'
import { holdLeases } from './held-leases.ts'
import { startOperatorProcess } from './operator-process.ts'
import type { Operator } from './operators.ts'
import { memoryOf } from './proc.ts'
import type { Stage } from './stage.ts'
import { quantile } from './statistics.ts'
import { track } from './tracker.ts'

export interface ListOptions {
  operators: Operator[]
  /** TopicTens in the list. */
  objects: number
  rounds: number
  env: NodeJS.ProcessEnv
  onProgress: (line: string) => void
  onRun: (run: Run) => void
}

const rate = 200
const settleMs = 5000
const startMs = 4000
const steadyMs = 15_000
/** Between two ends of the watch; clients wait up to half a second before they list anew. */
const expireMs = 2500
/** What a list leaves behind, garbage above all, is part of it. */
const tailMs = 100
const intervalMs = 3_600_000
const load = { connections: openConnections, rate, warmUpMs: 0, withinMs: 0 }

/** Nobody leads, so that nothing but the list is measured. Gives how many answers were wrong or missing. */
export async function listAdmission (stage: Stage, options: ListOptions): Promise<number> {
  const { operators, objects, rounds, onProgress, onRun } = options
  await stage.clear()
  for (const operator of operators) await makeLease(stage, operator)
  await createTopicTen(stage)
  const leases = await holdLeases(stage.client, stage.launcher.podNamespace)
  let errors = 0
  async function measure (section: string, part: Part): Promise<void> {
    for (let round = 1; round <= rounds; round++) {
      for (const operator of operators) {
        onProgress(`round ${round} of ${rounds}: ${section}: ${operator.name}`)
        const measured = await part(stage, operator, options)
        if (measured.firstError !== undefined) onProgress(`${operator.name}: ${measured.errors} errors: ${measured.firstError}`)
        errors += measured.errors
        onRun({ operator: operator.name, section: `Admission: ${section}`, round, figures: measured.figures })
      }
    }
  }
  try {
    await measure(`${rate} pods/s from the first moment of a start, a list of one TopicTen`, measureStart)
    onProgress(`making ${objects} TopicTens`)
    await stage.create(objects, () => ({ replicas: 2 }))
    await measure(`${rate} pods/s from the first moment of a start, a list of ${objects} TopicTens`, measureStart)
    await measure(`${rate} pods/s while the list of ${objects} TopicTens is read again`, measureRelists)
    return errors
  } finally {
    leases.release()
  }
}

type Part = (stage: Stage, operator: Operator, options: ListOptions) => Promise<Measured>

interface Measured {
  figures: Figures
  errors: number
  firstError: string | undefined
}

async function makeLease (stage: Stage, operator: Operator): Promise<void> {
  const tracker = await track(stage.client, stage.namespace, stage.launcher.podNamespace)
  const process = await startOperatorProcess(operator, intervalMs, stage.launcher)
  try {
    const seen = tracker.holders.length
    await tracker.until('a lease', () => tracker.holders.slice(seen).some(({ holder }) => holder !== ''), 60_000)
  } finally {
    await process.stop()
    await tracker.stop()
  }
}

async function measureStart (stage: Stage, operator: Operator, { env }: ListOptions): Promise<Measured> {
  const process = await startOperatorProcess(operator, intervalMs, stage.launcher, env)
  try {
    const [result, readyMs] = await Promise.all([
      runLoad({ ...load, ...targetOf(stage, operator, process, 'mutate'), durationMs: startMs, withinMs: 30_000 }),
      process.ready()
    ])
    const { errors, firstError } = result
    return { figures: { 'ready, s': readyMs / 1000, ...latencyFigures('', latenciesOf(result.samples)) }, errors, firstError }
  } finally {
    await process.stop()
  }
}

async function measureRelists (stage: Stage, operator: Operator, { env }: ListOptions): Promise<Measured> {
  const proxy = await startExpiringProxy(stage.launcher.kubeconfig, join(stage.launcher.dir, 'expiring.kubeconfig'))
  const process = await startOperatorProcess(operator, intervalMs, { ...stage.launcher, kubeconfig: proxy.kubeconfig }, env)
  try {
    await process.ready()
    await delay(settleMs)
    const settings = { ...load, ...targetOf(stage, operator, process, 'mutate'), durationMs: steadyMs, warmUpMs: 2000 }
    const quiet = await runLoad(settings)
    const before = proxy.lists.length
    const listing = await whileExpiring(proxy, () => runLoad(settings))
    const lists = proxy.lists.slice(before)
    const { rssMiB, peakMiB } = await memoryOf(process.pid)
    return {
      figures: {
        ...latencyFigures('without a list: ', latenciesOf(quiet.samples)),
        ...latencyFigures('during a list: ', during(listing, lists)),
        'lists read': lists.length,
        'a list takes, s': (quantile(lists.map(({ fromMs, toMs }) => toMs - fromMs), 0.5) ?? Number.NaN) / 1000,
        'RSS, MiB': rssMiB,
        'peak RSS, MiB': peakMiB
      },
      errors: quiet.errors + listing.errors,
      firstError: quiet.firstError ?? listing.firstError
    }
  } finally {
    await process.stop()
    await proxy.close()
  }
}

async function whileExpiring (proxy: ExpiringProxy, measured: () => Promise<LoadResult>): Promise<LoadResult> {
  const timer = setInterval(() => { proxy.expire() }, expireMs)
  try {
    return await measured()
  } finally {
    clearInterval(timer)
  }
}

/** The latencies of requests that were due during a list, in milliseconds. */
function during ({ samples }: LoadResult, lists: ExpiringProxy['lists']): number[] {
  return latenciesOf(samples, dueMs => lists.some(({ fromMs, toMs }) => dueMs >= fromMs && dueMs <= toMs + tailMs))
}

function latencyFigures (prefix: string, latencies: number[]): Figures {
  const at = (q: number) => quantile(latencies, q) ?? Number.NaN
  return {
    [`${prefix}admissions`]: latencies.length, [`${prefix}p50, ms`]: at(0.5), [`${prefix}p99, ms`]: at(0.99), [`${prefix}max, ms`]: at(1)
  }
}
