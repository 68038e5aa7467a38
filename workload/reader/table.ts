// What the reader prints for people: a row for each message, and a line that counts them. Pure.
import { stripVTControlCharacters, styleText } from 'node:util'
import Table from 'cli-table3'
import { type State, type Verdict, isAgreement, states, tally } from './compare.ts'
import { harmless } from './harmless.ts'

export interface TableStyle {
  /** Of the terminal, in columns; undefined: messages are not cut. */
  width: number | undefined
  colour: boolean
}

const words: Record<State, string> = {
  verified: 'verified',
  duplicated: 'duplicated in the log',
  expired: 'dropped from the page',
  pending: 'pending',
  'stored-only': 'stored only',
  'logged-only': 'logged only',
  differs: 'differs',
  undecryptable: 'cannot be decrypted'
}

/** The table, one line for each message, with a line break behind it; empty when there is none. */
export function tableOf (verdicts: Verdict[], style: TableStyle): string {
  if (verdicts.length === 0) return ''
  const narrow = style.width !== undefined && style.width < narrowWidth
  const rows = verdicts.map(verdict => [
    shortId(verdict.id), timeText(verdict.time, narrow), harmless(verdict.pod), stateText(verdict, style), textOf(verdict)
  ])
  return render([['ID', narrow ? 'UTC' : 'TIME', 'POD', 'STATE', 'MESSAGE'].map(title => paint('dim', title, style)), ...rows], style)
}

/**
 * "12 messages of 5 pods: 11 verified, 1 logged only.", with a line break behind it.
 * @param foreign how many things beside the messages were no messages
 */
export function summaryOf (verdicts: Verdict[], foreign: number): string {
  const counts = tally(verdicts)
  const parts = states.filter(state => counts[state] > 0).map(state => `${counts[state]} ${words[state]}`)
  const pods = new Set(verdicts.map(({ pod }) => pod)).size
  const rest = foreign === 0 ? '' : ` Left out: ${plural(foreign, 'object or log line', 'objects and log lines')} that cannot be read as a message.`
  if (verdicts.length === 0) return `No message was found.${rest}\n`
  return `${plural(verdicts.length, 'message')} of ${plural(pods, 'pod')}: ${parts.join(', ')}.${rest}\n`
}

function plural (count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** The end of the id: its beginning is the time, and alike for all messages of a minute. */
function shortId (id: string): string {
  return id.length <= 8 ? harmless(id) : `…${harmless(id.slice(-8))}`
}

// Below this the date would leave no place for messages.
const narrowWidth = 110

function timeText (time: number, narrow: boolean): string {
  const text = Math.abs(time) <= 8.64e15 ? new Date(time).toISOString().slice(0, 19) : ''
  if (text === '') return '-'
  return narrow ? text.slice(-8) : `${text}Z`
}

function stateText (verdict: Verdict, style: TableStyle): string {
  return paint(isAgreement(verdict) ? 'green' : 'red', words[verdict.state], style)
}

// A terminal's width never shows more of it, and measuring 400 KB (the largest item of a table) takes time.
const maxText = 2000

function textOf ({ message, reason }: Verdict): string {
  const parts = [...reason === undefined ? [] : [`(${reason})`], ...message === undefined ? [] : [message]]
  return harmless(parts.join(' ').slice(0, maxText))
}

function paint (colour: 'dim' | 'green' | 'red', text: string, style: TableStyle): string {
  return style.colour ? styleText(colour, text, { validateStream: false }) : text
}

const gap = 2

const bare = Object.fromEntries([
  'top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right',
  'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'
].map(name => [name, '']))

/** Columns as kubectl prints them; the last has what is left of the width, and is cut there. */
function render (rows: string[][], { width }: TableStyle): string {
  const last = (rows[0]?.length ?? 0) - 1
  const before = Array.from({ length: last }, (_, i) => Math.max(...rows.map(row => visible(row[i] ?? ''))) + gap)
  const rest = width === undefined ? null : Math.max(20, width - before.reduce((sum, column) => sum + column, 0))
  const table = new Table({
    chars: bare,
    colWidths: [...before, rest],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': gap }
  })
  table.push(...rows)
  return table.toString().split('\n').map(line => `${line.trimEnd()}\n`).join('')
}

/** Columns of text that is ours or a name: ASCII, the colours aside. */
function visible (text: string): number {
  return stripVTControlCharacters(text).length
}
