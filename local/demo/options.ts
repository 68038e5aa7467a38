// What the demo was asked for on the command line.
import { parseArgs } from 'node:util'

/** What plays the node: kwok runs no containers; containerd needs Linux and root. */
const nodes = ['kwok', 'containerd'] as const

export interface DemoOptions {
  intervalSeconds: number
  node: typeof nodes[number]
  /** Everything goes on running until Ctrl-C. */
  keep: boolean
  /** An existing cluster of the person's kubeconfig; undefined: a control plane of our own. */
  context: string | undefined
  /** The whole platform instead of the operator alone. */
  platform: boolean
  help: boolean
}

/** The command line cannot be used. The process exits with 64 (EX_USAGE of sysexits.h). */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly exitCode = 64
}

export const usage = `Usage: npm run demo -- [options]

Brings up a Kubernetes control plane of plain processes, installs topicten and
counts a TopicTen down to one.

  --interval SECONDS  between two steps of the countdown (default 5; the real
                      one is 60)
  --node containerd   a real node (Linux, root; it names the packages it needs):
                      the pods run the workload's image. The default is kwok,
                      which runs no containers: one workload runs here instead
  --keep              leave everything running until Ctrl-C
  --context NAME      use the cluster of this kubectl context: the operator runs
                      here, without webhooks, in namespace topicten-demo, and
                      what it made is removed in the end
  --platform          the whole platform instead: Flux, Argo CD, Crossplane and
                      sealed-secrets build deploy/clusters/staging from git
  --help              print this
`

/** The operator's own limit: a day. */
const maxSeconds = 86_400

/**
 * Reads the arguments that follow the program's name.
 * @throws {UsageError} naming what is wrong with them and what would be right.
 */
export function parseOptions (args: string[]): DemoOptions {
  const { interval, node: wanted, keep = false, context, platform = false, help = false } = parseFlags(args)
  if (context === '') throw new UsageError('--context takes the name of a kubectl context (kubectl config get-contexts lists them)')
  if (platform && (context ?? wanted) !== undefined) {
    throw new UsageError('--platform has a cluster of its own: leave out --context and --node')
  }
  return { intervalSeconds: parseInterval(interval), node: parseNode(wanted), keep, context, platform, help }
}

function parseInterval (interval: string | undefined): number {
  const seconds = interval === undefined ? 5 : Number(interval)
  if (interval?.trim() === '' || !(seconds > 0 && seconds <= maxSeconds)) {
    throw new UsageError(`--interval takes a number of seconds above 0 and up to ${maxSeconds}, not ${JSON.stringify(interval)}`)
  }
  return seconds
}

function parseNode (wanted: string | undefined): DemoOptions['node'] {
  if (wanted === undefined) return 'kwok'
  const found = nodes.find(one => one === wanted)
  if (found === undefined) throw new UsageError(`--node takes ${nodes.join(' or ')}, not ${JSON.stringify(wanted)}`)
  return found
}

function parseFlags (args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        interval: { type: 'string' },
        node: { type: 'string' },
        keep: { type: 'boolean' },
        context: { type: 'string' },
        platform: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' }
      }
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
