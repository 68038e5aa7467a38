// The reader (`npm run workload -- read`): shows people what a TopicTen's pods wrote, and whether log and storage agree.
import { openClients } from './clients.ts'
import { AskError } from './reader/ask.ts'
import { type Env, type ReadOptions, UsageError, parseOptions, usage } from './reader/options.ts'
import { type LoggedMessage, type StoredMessage, type Verdict, compare, isAgreement, timeOf } from './reader/compare.ts'
import { harmless } from './reader/harmless.ts'
import { jsonOf } from './reader/json.ts'
import { eventsOf, ownStreams } from './reader/logged.ts'
import { createOpener } from './reader/open.ts'
import { forEachParallel } from './reader/parallel.ts'
import { readStored } from './reader/stored.ts'
import { summaryOf, tableOf } from './reader/table.ts'

/** Where text goes: a stream such as process.stdout. */
export interface Output {
  write (text: string): unknown
  on? (event: 'error', listener: () => void): unknown
  isTTY?: boolean
  columns?: number
}

export interface ReaderIo {
  stdout: Output
  stderr: Output
  /** Milliseconds since the epoch; by default the clock's. */
  now?: () => number
}

export const exitCodes = { agree: 0, failed: 1, usage: 2, disagree: 3 } as const

/**
 * Runs the reader with the arguments that follow `read`; gives the exit code. Faults of usage and of AWS are told on stderr,
 * each in a line; any other error is thrown.
 */
export async function read (args: string[], env: Env, io: ReaderIo): Promise<number> {
  const now = (io.now ?? Date.now)()
  // Who reads may go before the end (`| head`).
  io.stdout.on?.('error', () => {})
  try {
    const options = parseOptions(args, env, now)
    if (options === 'help') {
      io.stdout.write(usage)
      return exitCodes.agree
    }
    const { verdicts, foreign } = await collect(options, now)
    io.stdout.write(report(options, verdicts, foreign, env, io))
    return verdicts.every(isAgreement) ? exitCodes.agree : exitCodes.disagree
  } catch (error) {
    if (error instanceof UsageError) {
      const lines = [...error.message.split('\n'), '--help says more']
      io.stderr.write(lines.map(line => `read: ${harmless(line)}\n`).join(''))
      return exitCodes.usage
    }
    if (!(error instanceof AskError)) throw error
    io.stderr.write(`read: ${harmless(error.message)}\n`)
    return exitCodes.failed
  }
}

const clientOptions = {
  /** A page of a scan takes its second; a silent server must not take a person's patience. */
  callTimeoutMs: 10_000
}

/** How long after its making a message may be on one side only: a round's retries, and the time until CloudWatch shows an event. */
const settleMs = 30_000

/** How much earlier than its id says an event's or an object's own time may be. */
const skewMs = 300_000

/** Streams read at a time, and ciphertexts of each under decryption: 16 in all, far below KMS's quotas and the SDK's 50 connections. */
const parallelStreams = 4
const parallelDecryptions = 4

async function collect (options: ReadOptions, now: number): Promise<{ verdicts: Verdict[], foreign: number }> {
  const { storage, key, logGroup, namespace, name, region, forcePathStyle } = options
  const since = options.since === undefined ? undefined : options.since - skewMs
  const isAsked = ({ id, time }: { id: string, time: number }) => options.since === undefined || timeOf(id, time) >= options.since
  const stored: StoredMessage[] = []
  const logged: LoggedMessage[] = []
  let foreign = 0
  const search = { namespace, name, since, foreign: () => { foreign++ } }
  const arns = { storage: storage.text, key: key.text, logGroup: logGroup.text }
  const clients = openClients(arns, region, { ...clientOptions, forcePathStyle })
  try {
    const found = (message: StoredMessage) => { if (isAsked(message)) stored.push(message) }
    const storedFrom = await readStored(clients, { ...search, found }, options)
    const logSearch = { ...search, arn: logGroup.text }
    const open = createOpener(clients, namespace)
    await forEachParallel(ownStreams(clients, logSearch), parallelStreams, async stream => {
      await forEachParallel(eventsOf(clients, stream, logSearch), parallelDecryptions, async event => {
        const { id, pod, time } = event
        if (isAsked(event)) logged.push({ id, pod, time, opened: await open(event) })
      })
    })
    return { verdicts: compare(stored, logged, { settledBefore: now - settleMs, storedFrom }), foreign }
  } finally {
    clients.destroy()
  }
}

function report (options: ReadOptions, verdicts: Verdict[], foreign: number, env: Env, { stdout }: ReaderIo): string {
  if (options.json) return jsonOf(options, verdicts, foreign)
  const terminal = stdout.isTTY === true
  const style = { width: terminal ? stdout.columns : undefined, colour: terminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb' }
  const table = tableOf(verdicts, style)
  return `${table}${table === '' ? '' : '\n'}${summaryOf(verdicts, foreign)}`
}
