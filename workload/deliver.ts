// Takes a message through its steps. This is the one place that decides on trying again.
import type { Encrypt } from './encrypt.ts'
import { judgeError, type FaultVerdict } from './faults.ts'
import type { WriteEvent } from './journal.ts'
import { logLine } from './record.ts'
import { afterBegin, afterStep, nextStep, type Delivery, type Step } from './round.ts'
import { pause } from './schedule.ts'
import type { Storage } from './storage.ts'

/** Where steps lead. */
export interface Ports {
  encrypt: Encrypt
  storage: Storage
  writeEvent: WriteEvent
}

/** Told of every attempt. */
export interface StepObserver {
  worked (step: Step, seconds: number): void
  failed (step: Step, fault: FaultVerdict, seconds: number): void
}

/** `later`: what is missing may work in another round. `never`: it will not. */
export type Outcome =
  | { result: 'complete', delivery: Delivery }
  | { result: 'later' | 'never', delivery: Delivery, step: Step, fault: FaultVerdict, error: unknown }

/** Attempts of one step in one round. */
export const maxTries = 4

/**
 * How long to wait before the next attempt: at random, up to 100 ms doubled with each attempt, and ten times that when AWS is
 * asking for less.
 * @param tries attempts made so far, at least 1
 * @param random from 0 to below 1
 */
export function backOffMs (fault: Pick<FaultVerdict, 'kind'>, tries: number, random: number): number {
  return Math.min(5000, (fault.kind === 'throttled' ? 1000 : 100) * 2 ** (tries - 1)) * random
}

/** Takes every step that is missing, until one fails for good, fails too often, or the signal aborts. Never throws. */
export async function deliver (started: Delivery, ports: Ports, observer: StepObserver, signal: AbortSignal): Promise<Outcome> {
  let delivery = started
  let tries = 0
  for (let step = nextStep(delivery); step !== undefined; step = nextStep(delivery)) {
    const startedAt = performance.now()
    const seconds = (): number => (performance.now() - startedAt) / 1000
    try {
      delivery = await takeStep(delivery, step, ports, signal)
      observer.worked(step, seconds())
      tries = 0
    } catch (error) {
      const fault = judgeError(error)
      if (step !== 'encrypt' && isUndecided(fault)) delivery = afterBegin(delivery, step)
      observer.failed(step, fault, seconds())
      if (!signal.aborted && !fault.retryable) return { result: 'never', delivery, step, fault, error }
      if (++tries < maxTries) await pause(backOffMs(fault, tries, Math.random()), signal)
      if (tries === maxTries || signal.aborted) return { result: 'later', delivery, step, fault, error }
    }
  }
  return { result: 'complete', delivery }
}

async function takeStep (delivery: Delivery, step: Step, ports: Ports, signal: AbortSignal): Promise<Delivery> {
  const { record, sealed } = delivery
  if (step === 'encrypt' || sealed === undefined) return afterStep(delivery, 'encrypt', await ports.encrypt(record.message, signal))
  if (step === 'store') await ports.storage.put(record, sealed.keyArn, signal)
  else await ports.writeEvent(logLine({ id: record.id, ...sealed }), Date.parse(record.time), signal)
  return afterStep(delivery, step)
}

/** Whether the call may have done its work although it failed. */
function isUndecided ({ kind }: FaultVerdict): boolean {
  return ['timeout', 'network', 'unavailable', 'aborted', 'other'].includes(kind)
}
