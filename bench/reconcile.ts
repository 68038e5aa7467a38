// `bench reconcile`: every operator through every mode, interleaved in rounds so that a noisy minute hits all of them alike.
import { measureFailover } from './failover.ts'
import type { Figures, Run } from './figures.ts'
import { measureLoad } from './load.ts'
import type { ReconcileMode } from './modes.ts'
import type { Operator } from './operators.ts'
import { measureSilence } from './silence.ts'
import type { Stage } from './stage.ts'
import { measureStartup } from './startup.ts'

export interface ReconcileOptions {
  operators: Operator[]
  modes: ReconcileMode[]
  /** Numbers of TopicTens for create and countdown. */
  sizes: number[]
  rounds: number
  /** Between two steps, in the modes that count down. */
  intervalMs: number
  onProgress: (line: string) => void
  /** Told of each run when it is over. */
  onRun: (run: Run) => void
}

interface Measurement {
  section: string
  measure (stage: Stage, operator: Operator): Promise<Figures>
}

/** A measurement that fails ends all: a figure that is missing must not pass for one that was good. */
export async function reconcile (stage: Stage, options: ReconcileOptions): Promise<void> {
  const { operators, modes, rounds, onProgress, onRun } = options
  for (let round = 1; round <= rounds; round++) {
    for (const { section, measure } of modes.flatMap(mode => measurements(mode, options))) {
      for (const operator of operators) {
        onProgress(`round ${round} of ${rounds}: ${section}: ${operator.name}`)
        await stage.clear()
        const figures = await measure(stage, operator).catch((error: unknown) => {
          throw new Error(`${section}, ${operator.name}, round ${round}`, { cause: error })
        })
        onRun({ operator: operator.name, section, round, figures })
      }
    }
  }
}

function measurements (mode: ReconcileMode, { sizes, intervalMs }: ReconcileOptions): Measurement[] {
  const every = `${intervalMs / 1000} s`
  switch (mode) {
    case 'startup':
      return [{ section: 'Start, and nothing to do', measure: measureStartup }]
    case 'create':
      return sizes.map(count => ({
        section: `Create ${count} TopicTens, interval 1 h`,
        measure: (stage, operator) => measureLoad(stage, operator, { count, intervalMs: 3_600_000, toOne: false })
      }))
    case 'countdown':
      return sizes.map(count => ({
        section: `Count ${count} TopicTens down, interval ${every}`,
        measure: (stage, operator) => measureLoad(stage, operator, { count, intervalMs, toOne: true })
      }))
    case 'term':
    case 'kill': {
      const signal = mode === 'term' ? 'SIGTERM' : 'SIGKILL'
      return [{
        section: `Failover after ${signal}, interval ${every}`,
        measure: (stage, operator) => measureFailover(stage, operator, signal, intervalMs)
      }]
    }
    case 'silence':
      return [{ section: 'Connections that went silent', measure: measureSilence }]
  }
}
