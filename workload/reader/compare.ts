// Says of each message whether log and storage agree. Pure: what was found comes in, a verdict for each message goes out.

/** A message as storage has it. */
export interface StoredMessage {
  id: string
  pod: string
  /** Milliseconds since the epoch. */
  time: number
  message: string
  /** What is wrong with the stored thing itself: a clause. */
  fault?: string
}

/** A message as one event of the log has it. */
export interface LoggedMessage {
  id: string
  /** Of the stream that the event is in. */
  pod: string
  /** Milliseconds since the epoch. */
  time: number
  opened: Opened
}

/** What a ciphertext decrypts to, or why it does not: a clause. */
export type Opened = { ok: true, message: string } | { ok: false, reason: string }

/** In the order in which a summary counts them. */
export const states = [
  'verified', // stored once, logged once, the same
  'duplicated', // the same, but logged more than once: a put whose reply was lost is sent again
  'expired', // logged only, but so old that the page has dropped it
  'pending', // on one side only, but so young that the other may follow
  'stored-only',
  'logged-only',
  'differs', // log and storage, or one side with itself
  'undecryptable'
] as const
export type State = typeof states[number]

const agreeing: readonly State[] = ['verified', 'duplicated', 'expired', 'pending']

export interface Verdict {
  id: string
  /** The message's own, in milliseconds since the epoch. */
  time: number
  pod: string
  state: State
  /** Why it is not simply verified: a clause. */
  reason?: string
  /** As decrypted, else as stored; undefined when neither can be read. */
  message?: string
  /** How often it was found on each side. */
  stored: number
  logged: number
}

export interface Bounds {
  /** Messages of this time or later may be under way still: milliseconds since the epoch. */
  settledBefore: number
  /** Storage keeps no message older than this: milliseconds since the epoch; undefined where it keeps all. */
  storedFrom?: number | undefined
}

/**
 * One verdict for each message of each pod, the oldest first. What two pods claim under one id are two messages: a ciphertext
 * copied from another pod's stream must not pass for that pod's.
 */
export function compare (stored: StoredMessage[], logged: LoggedMessage[], bounds: Bounds): Verdict[] {
  const groups = new Map<string, Group>()
  const groupOf = ({ id, pod }: { id: string, pod: string }): Group => {
    const name = `${pod} ${id}`
    const group = groups.get(name) ?? { stored: [], logged: [] }
    groups.set(name, group)
    return group
  }
  for (const message of stored) groupOf(message).stored.push(message)
  for (const message of logged) groupOf(message).logged.push(message)
  return [...groups.values()].flatMap(group => judge(group, bounds)).sort(byTime)
}

/** Whether nothing is missing, different or unreadable. */
export function isAgreement ({ state }: Verdict): boolean {
  return agreeing.includes(state)
}

/** How many messages are in which state; every state is there. */
export function tally (verdicts: Verdict[]): Record<State, number> {
  const counts = Object.fromEntries(states.map(state => [state, 0])) as Record<State, number>
  for (const { state } of verdicts) counts[state]++
  return counts
}

/**
 * When a message was made, in milliseconds since the epoch: its UUID v7 says so on both sides alike; else what is known there.
 * https://www.rfc-editor.org/rfc/rfc9562#section-5.7
 */
export function timeOf (id: string, otherwise: number): number {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id) ? parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : otherwise
}

interface Group {
  stored: StoredMessage[]
  logged: LoggedMessage[]
}

interface Finding {
  state: State
  reason?: string
}

function judge (group: Group, bounds: Bounds): Verdict[] {
  const [first] = [...group.stored, ...group.logged]
  if (first === undefined) return []
  const { id, pod } = first
  const time = timeOf(id, first.time)
  const finding = rules.map(rule => rule(group, time, bounds)).find(found => found !== undefined) ?? { state: 'verified' as const }
  const message = textsOf(group.logged)[0] ?? group.stored.find(({ fault }) => fault === undefined)?.message
  return [{
    id, time, pod, ...finding, ...message !== undefined && { message }, stored: group.stored.length, logged: group.logged.length
  }]
}

/** The first that finds something has the word. */
const rules: ((group: Group, time: number, bounds: Bounds) => Finding | undefined)[] = [
  unreadable,
  severalLogged,
  unfitStored,
  oneSided,
  different,
  ({ logged }) => logged.length > 1 ? { state: 'duplicated', reason: `logged ${logged.length} times` } : undefined
]

function unreadable ({ stored, logged }: Group): Finding | undefined {
  const reasons = new Set(logged.flatMap(({ opened }) => opened.ok ? [] : [opened.reason]))
  if (reasons.size === 0) return undefined
  return { state: 'undecryptable', reason: [...reasons, ...stored.length === 0 ? ['not stored'] : []].join('; ') }
}

function severalLogged ({ logged }: Group): Finding | undefined {
  const texts = textsOf(logged)
  return texts.length > 1 ? { state: 'differs', reason: `the log has ${texts.length} different messages of this id` } : undefined
}

function unfitStored ({ stored }: Group): Finding | undefined {
  const fault = stored.find(({ fault }) => fault !== undefined)?.fault
  if (fault !== undefined) return { state: 'differs', reason: fault }
  return stored.length > 1 ? { state: 'differs', reason: `stored ${stored.length} times` } : undefined
}

function oneSided ({ stored, logged }: Group, time: number, { settledBefore, storedFrom = -Infinity }: Bounds): Finding | undefined {
  if (stored.length > 0 && logged.length > 0) return undefined
  if (stored.length === 0 && time < storedFrom) return { state: 'expired', reason: 'older than what the page keeps' }
  const side = stored.length > 0 ? 'stored' : 'logged'
  if (time >= settledBefore) return { state: 'pending', reason: `${side} only, but just made` }
  return { state: `${side}-only` }
}

function different ({ stored, logged }: Group): Finding | undefined {
  const [text] = textsOf(logged)
  return stored.every(({ message }) => message === text) ? undefined : { state: 'differs', reason: `stored is "${stored[0]?.message.slice(0, 200)}"` }
}

/** The different texts that a message's events decrypt to. */
function textsOf (logged: LoggedMessage[]): string[] {
  return [...new Set(logged.flatMap(({ opened }) => opened.ok ? [opened.message] : []))]
}

function byTime (one: Verdict, other: Verdict): number {
  return one.time - other.time || compareText(one.id, other.id) || compareText(one.pod, other.pod)
}

function compareText (one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}
