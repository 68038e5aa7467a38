// The command line of the benchmarks.
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { type AdmissionMode, admissionModes, type FaultKind, faultKinds, type ReconcileMode, reconcileModes } from './modes.ts'

export const usage = `usage: npm run bench -- COMMAND [options]

commands
  reconcile   time, cost and failover of the operator; with BENCH_PEERS=FOLDER also of the peers that the folder describes
  admission   throughput, cost and latency of the webhooks, with BENCH_PEERS as above
  references  TopicTens that refer to their ARNs beside TopicTens that have them written
  faults      two operators, the leader hit at random moments: is each countdown exact?

options
  --rounds N        runs of everything; the tables give medians (3; faults: 20)
  --only A,B        reconcile: some of ${reconcileModes.join(', ')}
                    admission: some of ${admissionModes.join(', ')}
                    faults: some of ${faultKinds.join(', ')}
  --sizes N,M       numbers of TopicTens for create, countdown and references (100,1000)
  --connections N,M admission: of closed loops, each with one request at a time (1,16,64,500)
  --rates N,M       admission: requests a second sent whatever becomes of them (1000,4000)
  --duration S      admission: seconds of each load (2)
  --objects N       admission: TopicTens in the list (10000)
  --interval S      seconds between two steps (2)
  --workers N,M     runs our operator once with each RECONCILE_CONCURRENCY (its default)
  --pods            kube-controller-manager, kube-scheduler and kwok make pods meanwhile; without, those are left out
  --json FILE       appends each run to FILE, a line of JSON each
  --profile FOLDER  CPU profiles of our operator go there
  --no-build        takes dist/operator.js as it is
  --help            print this
`

/** A command line that cannot be used: the message says what is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const commands = ['reconcile', 'admission', 'references', 'faults'] as const
type Command = typeof commands[number]

export interface BenchOptions {
  command: Command
  rounds: number
  modes: ReconcileMode[]
  admissionModes: AdmissionMode[]
  kinds: FaultKind[]
  sizes: number[]
  connections: number[]
  rates: number[]
  durationMs: number
  objects: number
  intervalMs: number
  /** Empty: the operator's default. */
  workers: number[]
  pods: boolean
  json: string | undefined
  profile: string | undefined
  build: boolean
}

const known = {
  rounds: { type: 'string' },
  only: { type: 'string' },
  sizes: { type: 'string', default: '100,1000' },
  connections: { type: 'string', default: '1,16,64,500' },
  rates: { type: 'string', default: '1000,4000' },
  duration: { type: 'string', default: '2' },
  objects: { type: 'string', default: '10000' },
  interval: { type: 'string', default: '2' },
  workers: { type: 'string', default: '' },
  pods: { type: 'boolean', default: false },
  json: { type: 'string' },
  profile: { type: 'string' },
  build: { type: 'boolean', default: true },
  help: { type: 'boolean', short: 'h', default: false }
} satisfies ParseArgsConfig['options']

/**
 * Gives 'help' when that is asked for.
 * @throws {UsageError} naming the option and what it may be.
 */
export function parseOptions (args: string[]): BenchOptions | 'help' {
  const { values, positionals: [word, ...rest] } = parse(args)
  if (values.help) return 'help'
  const command = commands.find(each => each === word)
  if (command === undefined || rest.length > 0) {
    throw new UsageError(`one command is needed, ${commands.join(', ')}: found ${JSON.stringify([word, ...rest].filter(Boolean).join(' '))}`)
  }
  return {
    command,
    rounds: number('rounds', values.rounds ?? (command === 'faults' ? '20' : '3'), Number.isInteger),
    ...parts(command, values.only),
    sizes: list(values.sizes).map(size => number('sizes', size, Number.isInteger)),
    connections: list(values.connections).map(count => number('connections', count, Number.isInteger)),
    rates: list(values.rates).map(rate => number('rates', rate)),
    durationMs: number('duration', values.duration) * 1000,
    objects: number('objects', values.objects, Number.isInteger),
    intervalMs: number('interval', values.interval) * 1000,
    workers: list(values.workers).map(each => number('workers', each, Number.isInteger)),
    pods: values.pods,
    json: values.json,
    profile: values.profile,
    build: values.build
  }
}

function parts (command: Command, only: string | undefined): Pick<BenchOptions, 'modes' | 'admissionModes' | 'kinds'> {
  return {
    modes: command === 'reconcile' ? choice('only', only, reconcileModes) : [],
    admissionModes: command === 'admission' ? choice('only', only, admissionModes) : [],
    kinds: command === 'faults' ? choice('only', only, faultKinds) : []
  }
}

function parse (args: string[]) {
  try {
    return parseArgs({ args, options: known, allowPositionals: true, allowNegative: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function list (text: string): string[] {
  return text.split(',').filter(each => each !== '')
}

function number (name: string, text: string, fits: (value: number) => boolean = Number.isFinite): number {
  const value = Number(text)
  if (text.trim() === '' || !fits(value) || value <= 0) throw new UsageError(`--${name} needs a number above 0: found ${JSON.stringify(text)}`)
  return value
}

function choice<T extends string> (name: string, text: string | undefined, allowed: readonly T[]): T[] {
  if (text === undefined) return [...allowed]
  return list(text).map(each => {
    const found = allowed.find(one => one === each)
    if (found === undefined) throw new UsageError(`--${name} may be ${allowed.join(', ')}: found ${JSON.stringify(each)}`)
    return found
  })
}
