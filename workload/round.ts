// Says of one message what is done and what is missing, and of many which to give up; pure.
import type { Sealed } from './encrypt.ts'
import type { MessageRecord } from './record.ts'

/** In this order: nothing is written of a message that cannot be encrypted. */
export const steps = ['encrypt', 'store', 'log'] as const
export type Step = typeof steps[number]

/** A message under way. Steps return a new one. */
export interface Delivery {
  record: MessageRecord
  /** The outcome of `encrypt`, kept so that a step that is tried again writes the same. */
  sealed?: Sealed
  done: readonly Step[]
  /** Steps that were begun and may have worked although no answer came. */
  begun: readonly Step[]
}

export function newDelivery (record: MessageRecord): Delivery {
  return { record, done: [], begun: [] }
}

export function nextStep (delivery: Delivery): Step | undefined {
  return missingSteps(delivery)[0]
}

export function missingSteps ({ done }: Delivery): Step[] {
  return steps.filter(step => !done.includes(step))
}

export function afterBegin (delivery: Delivery, step: Step): Delivery {
  return { ...delivery, begun: [...new Set([...delivery.begun, step])] }
}

/** @param sealed the outcome of `encrypt` */
export function afterStep (delivery: Delivery, step: Step, sealed?: Sealed): Delivery {
  return {
    ...delivery,
    done: [...delivery.done, step],
    begun: delivery.begun.filter(other => other !== step),
    ...sealed !== undefined && { sealed }
  }
}

/** Whether the message is, or may be, in one place and not in the other. */
export function isHalf (delivery: Delivery): boolean {
  return nextStep(delivery) !== undefined && [...delivery.done, ...delivery.begun].some(step => step !== 'encrypt')
}

/** What a report of an unfinished message says: `perhaps` are the steps among `missing` whose answer never came. */
export function unfinished ({ record, ...delivery }: Delivery): { id: string, missing: Step[], perhaps: Step[] } {
  return { id: record.id, missing: missingSteps({ record, ...delivery }), perhaps: steps.filter(step => delivery.begun.includes(step)) }
}

/**
 * A backlog, oldest first, with one message more, and the one to give up when there are too many: the oldest that is nowhere,
 * else the oldest.
 */
export function addToBacklog (backlog: readonly Delivery[], delivery: Delivery, cap: number): { kept: Delivery[], given?: Delivery } {
  const all = [...backlog, delivery].toSorted((a, b) => a.record.id < b.record.id ? -1 : 1)
  if (all.length <= cap) return { kept: all }
  const given = all.find(one => !isHalf(one)) ?? all[0] ?? delivery
  return { kept: all.filter(one => one !== given), given }
}
