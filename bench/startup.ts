// How long an operator takes from its start until it is ready and leads, and what it costs when there is nothing to do.
import { setTimeout as delay } from 'node:timers/promises'
import type { Figures } from './figures.ts'
import { startOperatorProcess } from './operator-process.ts'
import type { Operator } from './operators.ts'
import { cpuSeconds, memoryOf } from './proc.ts'
import type { Stage } from './stage.ts'
import { track } from './tracker.ts'

const settleMs = 5000
const idleMs = 5000

export async function measureStartup (stage: Stage, operator: Operator): Promise<Figures> {
  const tracker = await track(stage.client, stage.namespace, stage.launcher.podNamespace)
  const process = await startOperatorProcess(operator, 3_600_000, stage.launcher)
  try {
    const readyMs = await process.ready()
    const readyCpu = await cpuSeconds(process.pid)
    const leadingAt = await tracker.until('a leader', () => tracker.holders.some(({ holder }) => holder !== ''), 60_000)
    await delay(settleMs)
    const before = await cpuSeconds(process.pid)
    await delay(idleMs)
    const { rssMiB, peakMiB } = await memoryOf(process.pid)
    const idleCpu = await cpuSeconds(process.pid) - before
    return {
      'ready, s': readyMs / 1000,
      'CPU until ready, s': readyCpu,
      'lease held, s': (leadingAt - process.startedAt) / 1000,
      'idle RSS, MiB': rssMiB,
      'peak RSS, MiB': peakMiB,
      'idle CPU, %': idleCpu / idleMs * 100_000,
      'stopped after SIGTERM, s': await process.stop() / 1000
    }
  } finally {
    await process.stop()
    await tracker.stop()
  }
}
