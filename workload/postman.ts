// Delivers messages one by one and keeps those that are not finished for later; what cannot be finished is reported by its id.
import type { Registry } from 'prom-client'
import { deliver, type Outcome, type Ports } from './deliver.ts'
import { createFaultLog, type Logger } from './fault-log.ts'
import { judgeError } from './faults.ts'
import { createMetrics } from './metrics.ts'
import type { MessageRecord } from './record.ts'
import { addToBacklog, isHalf, newDelivery, unfinished, type Delivery } from './round.ts'
import { pause } from './schedule.ts'
import { UnfitStorage } from './unfit-storage.ts'

export interface PostmanOptions {
  ports: Ports
  logger: Logger
  now: () => number
  /** Whether metrics of the process are wanted too. */
  withProcess: boolean
}

export interface Postman {
  registry: Registry
  /** Milliseconds since the epoch: when a message was last complete, or when this was made. */
  lastSuccess (): number
  /**
   * Looks at the storage, unless `stop` aborts.
   * @throws {UnfitStorage}
   */
  prepare (stop: AbortSignal): Promise<void>
  /**
   * Delivers a message, then as much of the backlog as works, unless `stop` aborts.
   * @throws {UnfitStorage} when nothing was ever stored
   */
  send (record: MessageRecord, stop: AbortSignal, deadline: AbortSignal): Promise<void>
  /** Tries the backlog again, messages that are half delivered for as long as there is time, and reports what is left. */
  finish (deadline: AbortSignal): Promise<{ complete: number, givenUp: string[] }>
}

export const maxBacklog = 100

export function createPostman ({ ports, logger, now, withProcess }: PostmanOptions): Postman {
  let backlog: Delivery[] = []
  let lastSuccess = now()
  let everStored = false
  let complete = 0
  const givenUp: string[] = []
  const faults = createFaultLog(logger)
  const metrics = createMetrics({ backlog: () => backlog.length, lastSuccess: () => lastSuccess }, withProcess)

  const observer: Parameters<typeof deliver>[2] = {
    worked (step, seconds) {
      metrics.worked(step, seconds)
      faults.worked(step)
      if (step !== 'store') return
      everStored = true
      // To store makes good for a look that failed.
      faults.worked('prepare')
    },
    failed: (step, { kind }, seconds) => { metrics.failed(step, kind, seconds) }
  }

  const giveUp = (delivery: Delivery, reason: string): void => {
    metrics.ended('given_up')
    givenUp.push(delivery.record.id)
    logger.error({ ...unfinished(delivery), half: isHalf(delivery), reason }, 'message given up')
  }

  const giveUpAll = (reason: string): void => {
    for (const delivery of backlog) giveUp(delivery, reason)
    backlog = []
  }

  const keep = (delivery: Delivery): void => {
    const { kept, given } = addToBacklog(backlog, delivery, maxBacklog)
    backlog = kept
    if (given !== undefined) giveUp(given, 'too many messages wait')
  }

  /** Whether a message is complete; else it is kept or given up. */
  const settle = (outcome: Outcome): boolean => {
    const { delivery: { record } } = outcome
    if (outcome.result === 'complete') {
      complete++
      lastSuccess = now()
      metrics.ended('complete')
      logger.info({ id: record.id, stream: record.stream, tookMs: lastSuccess - Date.parse(record.time) }, 'message complete')
      return true
    }
    faults.failed(outcome.step, outcome.fault, { id: record.id })
    if (outcome.result === 'later') keep(outcome.delivery)
    else giveUp(outcome.delivery, outcome.fault.kind)
    if (outcome.error instanceof UnfitStorage && !everStored) {
      giveUpAll('the storage is unfit')
      throw outcome.error
    }
    return false
  }

  /**
   * Each message of the backlog once, those that are half delivered before the others, and the oldest first; a failure ends it, as
   * the next would most likely meet the same.
   */
  const tryBacklog = async (stop: AbortSignal, deadline: AbortSignal): Promise<void> => {
    for (const delivery of [...backlog.filter(isHalf), ...backlog.filter(other => !isHalf(other))]) {
      if (stop.aborted) return
      backlog = backlog.filter(other => other !== delivery)
      if (!settle(await deliver(delivery, ports, observer, deadline))) return
    }
  }

  return {
    registry: metrics.registry,
    lastSuccess: () => lastSuccess,
    async prepare (stop) {
      const startedAt = performance.now()
      const seconds = (): number => (performance.now() - startedAt) / 1000
      try {
        await ports.storage.prepare(stop)
        metrics.worked('prepare', seconds())
      } catch (error) {
        if (error instanceof UnfitStorage) throw error
        if (stop.aborted) return
        const fault = judgeError(error)
        metrics.failed('prepare', fault.kind, seconds())
        faults.failed('prepare', fault)
      }
    },
    async send (record, stop, deadline) {
      if (settle(await deliver(newDelivery(record), ports, observer, deadline))) await tryBacklog(stop, deadline)
    },
    async finish (deadline) {
      for (let tries = 0; backlog.length > 0 && !deadline.aborted; tries++) {
        await tryBacklog(deadline, deadline)
        if (!backlog.some(isHalf)) break
        await pause(Math.min(2000, 100 * 2 ** tries), deadline)
      }
      giveUpAll('the process ends')
      return { complete, givenUp }
    }
  }
}
