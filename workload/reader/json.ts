// What the reader prints for programs. Its field names and states are a contract.
import { type Verdict, isAgreement, tally } from './compare.ts'
import { harmlessJson } from './harmless.ts'

export interface Subject {
  namespace: string
  name: string
}

/**
 * `{ namespace, name, messages: [{ id, time, pod, state, reason?, message?, stored, logged }], summary: { messages, pods,
 * agree, states: { STATE: count }, foreign } }`, a line for each message.
 * @param foreign how many things beside the messages were no messages
 */
export function jsonOf ({ namespace, name }: Subject, verdicts: Verdict[], foreign: number): string {
  const summary = {
    messages: verdicts.length,
    pods: new Set(verdicts.map(({ pod }) => pod)).size,
    agree: verdicts.every(isAgreement),
    states: tally(verdicts),
    foreign
  }
  const lines = verdicts.map(verdict => `\n    ${JSON.stringify(row(verdict))}`)
  const messages = lines.length === 0 ? '[]' : `[${lines.join(',')}\n  ]`
  return harmlessJson(`{
  "namespace": ${JSON.stringify(namespace)},
  "name": ${JSON.stringify(name)},
  "messages": ${messages},
  "summary": ${JSON.stringify(summary)}
}
`)
}

function row ({ id, time, pod, state, reason, message, stored, logged }: Verdict) {
  return { id, time: isDate(time) ? new Date(time).toISOString() : null, pod, state, reason, message, stored, logged }
}

function isDate (time: number): boolean {
  return Math.abs(time) <= 8.64e15
}
