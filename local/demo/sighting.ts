// What a person wants to see of a TopicTen, and how: a row, a line, the steps it took. Pure.
import { styleText } from 'node:util'
import Table from 'cli-table3'
import type { ConditionType, TopicTen } from '../../api/topicten.ts'

export interface Sighting {
  /** When it was seen, in milliseconds since the epoch. */
  at: number
  name: string
  from: number
  /** undefined: there is no Deployment yet. */
  replicas: number | undefined
  /** When the next step is due, in milliseconds since the epoch; undefined: never. */
  nextStep: number | undefined
  ready: string
  reason: string
  done: boolean
  /** Why nothing but a change by a user can help. */
  stalled: string | undefined
}

export function sightingOf ({ metadata: { name = '' }, spec, status }: TopicTen, at: number): Sighting {
  const conditions = status?.conditions ?? []
  const condition = (type: ConditionType) => conditions.find(condition => condition.type === type)
  const { status: ready, reason } = condition('Ready') ?? { status: 'Unknown', reason: 'Pending' }
  return {
    at,
    name,
    from: spec.replicas,
    replicas: status?.currentReplicas,
    nextStep: status?.nextStepTime === undefined ? undefined : Date.parse(status.nextStepTime),
    ready,
    reason,
    done: condition('CountedDown')?.reason === 'Done',
    stalled: condition('Stalled')?.message
  }
}

/** The table as of `now`. */
export function tableOf (sightings: Sighting[], now: number): string {
  return render(['NAME', 'REPLICAS', 'NEXT STEP', 'READY', 'REASON'], sightings.map(({ name, from, replicas, nextStep, ready, reason }) => [
    name, pods(from, replicas), nextStep === undefined ? '-' : `${secondsTo(nextStep, now)} s`, verdict(ready), reason
  ]))
}

/** The same in one line that needs no colours. */
export function lineOf ({ name, from, replicas, nextStep, ready, reason, at }: Sighting): string {
  const next = nextStep === undefined ? '' : `, next step in ${secondsTo(nextStep, at)} s`
  return `${name}: ${replicas ?? 0} of ${from} replicas${next}, ready ${ready}, ${reason}`
}

/** When there were how many replicas, from all that was seen. */
export function stepsOf (sightings: readonly Sighting[]): string {
  const changes = sightings.filter(({ replicas }, i) => replicas !== undefined && replicas !== sightings[i - 1]?.replicas)
  return render(['TIME', 'REPLICAS', ''], changes.map(({ at, from, replicas }, i) => {
    const before = changes[i - 1]?.at
    const how = before === undefined ? 'the Deployment is made' : `one less after ${((at - before) / 1000).toFixed(1)} s`
    return [new Date(at).toLocaleTimeString('en-GB'), pods(from, replicas), how]
  }))
}

function pods (from: number, replicas = 0): string {
  const full = Math.min(from, replicas)
  return `${styleText('green', '●'.repeat(full))}${styleText('dim', '○'.repeat(from - full))} ${replicas} of ${from}`
}

function verdict (ready: string): string {
  return styleText(ready === 'True' ? 'green' : 'yellow', ready)
}

function secondsTo (time: number, now: number): number {
  return Math.max(0, Math.ceil((time - now) / 1000))
}

const bare = Object.fromEntries([
  'top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right',
  'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'
].map(name => [name, '']))

/** Columns as kubectl prints them. */
function render (head: string[], rows: string[][]): string {
  const table = new Table({ chars: bare, style: { head: [], border: [], 'padding-left': 0, 'padding-right': 3 } })
  table.push(head.map(title => styleText('dim', title)), ...rows)
  return table.toString().split('\n').map(line => line.trimEnd()).join('\n')
}
