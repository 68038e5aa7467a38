// The metrics of the workload.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { FaultKind } from './faults.ts'

/** A message's steps, and the look at the storage before the first. */
export type MeasuredStep = 'prepare' | 'encrypt' | 'store' | 'log'

export interface Metrics {
  registry: Registry
  /** A message is in all its places, or given up. */
  ended (result: 'complete' | 'given_up'): void
  worked (step: MeasuredStep, seconds: number): void
  failed (step: MeasuredStep, kind: FaultKind, seconds: number): void
}

/** Read when somebody scrapes. */
export interface Readings {
  backlog: () => number
  /** Milliseconds since the epoch. */
  lastSuccess: () => number
}

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** @param withProcess whether metrics of the process are there too, of which there is one */
export function createMetrics (readings: Readings, withProcess: boolean): Metrics {
  const registry = new Registry()
  const registers = [registry]
  if (withProcess) collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, read: () => number): void => {
    const made: Gauge = new Gauge({ name, help, registers, collect: () => { made.set(read()) } })
  }
  gauge('topicten_workload_backlog_messages', 'Messages that are not yet in all their places.', readings.backlog)
  gauge('topicten_workload_last_success_timestamp_seconds', 'When a message was last complete, or the process began.', () => readings.lastSuccess() / 1000)
  const messages = new Counter({
    name: 'topicten_workload_messages_total', help: 'Messages by how they ended.', labelNames: ['result'], registers
  })
  const failures = new Counter({
    name: 'topicten_workload_failures_total', help: 'Attempts that failed.', labelNames: ['step', 'kind'], registers
  })
  const times = new Histogram({
    name: 'topicten_workload_step_duration_seconds', help: 'How long an attempt takes.', labelNames: ['step'], buckets, registers
  })
  // Series that have not happened yet read 0, so that rates and alerts work from the start.
  for (const result of ['complete', 'given_up']) messages.inc({ result }, 0)
  return {
    registry,
    ended: result => { messages.inc({ result }) },
    worked: (step, seconds) => { times.observe({ step }, seconds) },
    failed (step, kind, seconds) {
      failures.inc({ step, kind })
      times.observe({ step }, seconds)
    }
  }
}
