// The connections of an operator die without a word: how long until it sees again what happens on the API server.
import { join } from 'node:path'
import type { Figures } from './figures.ts'
import type { Operator } from './operators.ts'
import { startSilentProxy } from './silent-proxy.ts'
import type { Stage } from './stage.ts'
import { track } from './tracker.ts'
import { createCanary, startWarm } from './warm.ts'

/** Longer than any watch lives by itself. */
const withinMs = 660_000

/**
 * The last thing its watches bring comes just before the silence, so this is the longest it can take. A process that ends
 * itself (its lease was not renewed) is seen as such: nothing starts it again here.
 */
export async function measureSilence (stage: Stage, operator: Operator): Promise<Figures> {
  const proxy = await startSilentProxy(stage.launcher.kubeconfig, join(stage.launcher.dir, 'silent.kubeconfig'))
  const tracker = await track(stage.client, stage.namespace, stage.launcher.podNamespace)
  const behind = { ...stage, launcher: { ...stage.launcher, kubeconfig: proxy.kubeconfig } }
  const process = await startWarm(behind, tracker, operator, 3_600_000)
  try {
    const last = await createCanary(stage)
    await tracker.until('the last news before the silence', () => tracker.statuses.has(last))
    proxy.forget()
    const from = performance.now()
    const missed = await createCanary(stage)
    await Promise.race([tracker.until('the operator to see again', () => tracker.steps.has(missed), withinMs), process.exited])
    const seconds = (performance.now() - from) / 1000
    return process.ended ? { 'ended itself, s': seconds } : { 'noticed, s': seconds }
  } finally {
    await process.stop()
    await tracker.stop()
    await proxy.close()
  }
}
