// `bench admission`: the webhooks of every operator, called by a generator on another core, interleaved in rounds.
import { setTimeout as delay } from 'node:timers/promises'
import { certificateVariables, createTopicTen, latenciesOf, openConnections, runLoad, targetOf } from './admission-load.ts'
import type { Figures, Run } from './figures.ts'
import type { LoadResult } from './generator.ts'
import { listAdmission } from './list-admission.ts'
import type { AdmissionMode } from './modes.ts'
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts'
import type { Operator } from './operators.ts'
import { memoryOf, resetPeak } from './proc.ts'
import { type Case, cases } from './reviews.ts'
import type { Stage } from './stage.ts'
import { quantile } from './statistics.ts'

export interface AdmissionOptions {
  operators: Operator[]
  modes: AdmissionMode[]
  /** TopicTens in the list. */
  objects: number
  /** Of the closed loops. */
  connections: number[]
  /** Requests a second of the open loops. */
  rates: number[]
  durationMs: number
  rounds: number
  onProgress: (line: string) => void
  onRun: (run: Run) => void
}

interface Load {
  name: string
  connections: number
  rate: number
}

const settleMs = 5000
const warmUpMs = 500
/** Of a process: until its code is compiled. */
const firstWarmUpMs = 3000
/** Nothing is reconciled meanwhile. */
const intervalMs = 3_600_000

/** Gives how many answers were wrong or missing. */
export async function admission (stage: Stage, options: AdmissionOptions): Promise<number> {
  const { operators, modes, rounds, onProgress } = options
  const env = await certificateVariables(stage)
  const loaded = cases.filter(each => modes.includes(each))
  let errors = 0
  for (let round = 1; round <= rounds && loaded.length > 0; round++) {
    for (const operator of operators) {
      onProgress(`round ${round} of ${rounds}: ${operator.name}`)
      await stage.clear()
      await createTopicTen(stage)
      const process = await startOperatorProcess(operator, intervalMs, stage.launcher, env)
      try {
        errors += await measure(stage, operator, process, loaded, round, options)
      } finally {
        await process.stop()
      }
    }
  }
  if (modes.includes('list')) errors += await listAdmission(stage, { ...options, env })
  return errors
}

async function measure (
  stage: Stage, operator: Operator, process: OperatorProcess, loaded: Case[], round: number, options: AdmissionOptions
): Promise<number> {
  const { durationMs, onProgress, onRun } = options
  const tell = (section: string, figures: Figures) => { onRun({ operator: operator.name, section: `Admission: ${section}`, round, figures }) }
  const run = (which: Case, load: Load, ms: number, warmUp = warmUpMs) =>
    runLoad({ ...targetOf(stage, operator, process, which), ...load, durationMs: ms, warmUpMs: warmUp, withinMs: 0 })
  await process.ready()
  await delay(settleMs)
  const { rssMiB: idle } = await memoryOf(process.pid)
  for (const which of loaded) await run(which, { name: '', connections: 16, rate: 0 }, firstWarmUpMs, 0)
  await resetPeak(process.pid)
  let errors = 0
  for (const which of loaded) {
    const figures: Figures = {}
    for (const load of loadsOf(options)) {
      const result = await run(which, load, durationMs)
      if (result.firstError !== undefined) onProgress(`${which}, ${load.name}: ${result.errors} errors: ${result.firstError}`)
      errors += result.errors
      Object.assign(figures, figuresOf(load.name, result))
    }
    tell(which, figures)
  }
  const { rssMiB, peakMiB } = await memoryOf(process.pid)
  tell('memory', { 'idle RSS, MiB': idle, 'RSS after all loads, MiB': rssMiB, 'peak RSS under load, MiB': peakMiB })
  return errors
}

function loadsOf ({ connections, rates }: AdmissionOptions): Load[] {
  return [
    ...connections.map(count => ({ name: count === 1 ? '1 connection' : `${count} connections`, connections: count, rate: 0 })),
    ...rates.map(rate => ({ name: `${rate}/s`, connections: openConnections, rate }))
  ]
}

function figuresOf (name: string, { samples, errors, unserved, seconds, cpuSeconds }: LoadResult): Figures {
  const latencies = latenciesOf(samples)
  const count = latencies.length
  const at = (q: number) => quantile(latencies, q) ?? Number.NaN
  return {
    [`${name}: requests/s`]: count / seconds,
    [`${name}: CPU, µs each`]: 1e6 * cpuSeconds / count,
    [`${name}: admissions per CPU second`]: count / cpuSeconds,
    [`${name}: p50, ms`]: at(0.5),
    [`${name}: p99, ms`]: at(0.99),
    ...errors > 0 && { [`${name}: errors`]: errors },
    ...unserved > 0 && { [`${name}: never sent`]: unserved }
  }
}
