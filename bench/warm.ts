// An operator that leads and has worked once, so that what is measured next is not its start.
import { setTimeout as delay } from 'node:timers/promises'
import { type OperatorProcess, startOperatorProcess } from './operator-process.ts'
import type { Operator } from './operators.ts'
import { nameOf, type Stage } from './stage.ts'
import type { Tracker } from './tracker.ts'

const withinMs = 60_000
let canaries = 0

/** Starts an operator; resolves when it has made a Deployment of its own and, at a short interval, taken the step that is due. */
export async function startWarm (
  stage: Stage, tracker: Tracker, operator: Operator, intervalMs: number, env?: NodeJS.ProcessEnv
): Promise<OperatorProcess> {
  const process = await startOperatorProcess(operator, intervalMs, stage.launcher, env)
  try {
    await process.ready()
    const name = await createCanary(stage)
    const goal = intervalMs < 60_000 ? 1 : 2
    await tracker.until(`${operator.name} to bring a first TopicTen to ${goal}`, () => tracker.statuses.get(name) === goal, withinMs)
    await delay(500)
    return process
  } catch (error) {
    await process.stop()
    throw error
  }
}

/** Makes one TopicTen of two replicas that no figure counts, and gives its name. */
export async function createCanary (stage: Stage): Promise<string> {
  const prefix = `canary-${canaries++}`
  await stage.create(1, () => ({ replicas: 2 }), prefix)
  return nameOf(prefix, 0)
}
