// The operators that are compared: ours from its bundle, and the peers that a folder outside of this repository describes.
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { globSync } from 'node:fs'
import { runCommand } from '../local/command.ts'

/** What a process is told when it is started. */
export interface Assignment {
  kubeconfig: string
  podNamespace: string
  podName: string
  intervalMs: number
  ports: { webhook: number, health: number, metrics: number }
  /** Further variables, for our own operator. */
  env?: NodeJS.ProcessEnv | undefined
}

export interface Operator {
  name: string
  command (assignment: Assignment): string[]
  env (assignment: Assignment): NodeJS.ProcessEnv
  readyUrl (assignment: Assignment): string
  /** Of its two webhooks. */
  paths: { mutate: string, validate: string }
}

export const root = join(import.meta.dirname, '..')

/** A small young generation and one arena of glibc's: 25 MiB less at the same CPU. The image is to be started alike. */
const imageFlags = ['--max-semi-space-size=4']
const imageVariables = { MALLOC_ARENA_MAX: '1' }

/** Our operator as `npm run build` makes it. `variables` are further ones of its environment. */
export function ownOperator (name: string, nodeArguments: string[], variables: NodeJS.ProcessEnv): Operator {
  return {
    name,
    command: () => [process.execPath, ...imageFlags, ...nodeArguments, join(root, 'dist/operator.js')],
    env: ({ kubeconfig, podNamespace, podName, intervalMs, ports, env }) => ({
      ...imageVariables,
      KUBECONFIG: kubeconfig,
      POD_NAMESPACE: podNamespace,
      POD_NAME: podName,
      COUNTDOWN_INTERVAL_SECONDS: String(intervalMs / 1000),
      LISTEN_ADDRESS: '127.0.0.1',
      HTTP_PORT: String(ports.health),
      WEBHOOK_PORT: String(ports.webhook),
      ...variables,
      ...env
    }),
    readyUrl: ({ ports }) => `http://127.0.0.1:${ports.health}/readyz`,
    paths: { mutate: '/mutate-pod', validate: '/validate-topicten' }
  }
}

// One worker is what controller-runtime starts with; at a thousand objects its limit. Eight are the fairer rival there.
const variants = {
  reconcile: [{ suffix: '', args: [] }, { suffix: ', 8 workers', args: ['--max-concurrent-reconciles', '8'] }],
  admission: [{ suffix: '', args: [] }]
}

/**
 * Builds the peers of `folder` with its build.sh into a cache folder ($PEERS, else one in ~/.cache) and gives all that its
 * operators/*.sh describe (CMD, READY_URL, RECONCILES, MUTATE_PATH, VALIDATE_PATH), but ours. Rejects with the words of what fails.
 */
export async function peerOperators (
  folder: string, purpose: keyof typeof variants, onProgress: (line: string) => void
): Promise<Operator[]> {
  const from = resolve(folder)
  const builds = process.env['PEERS'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'topicten', 'peers')
  const env = { ...process.env, PEERS: builds }
  onProgress(`building the peers of ${folder}`)
  await runCommand('bash', [join(from, 'build.sh')], { env })
  const descriptions = globSync(join(from, 'operators/*.sh')).filter(file => basename(file) !== 'topicten.sh').sort()
  const found = await Promise.all(descriptions.map(async file => {
    // eslint-disable-next-line no-template-curly-in-string -- it is the shell's array
    const script = '. "$0"; printf "%s\\0" "$RECONCILES" "$READY_URL" "$MUTATE_PATH" "$VALIDATE_PATH" "${CMD[@]}"'
    const words = (await runCommand('bash', ['-c', script, file], { env })).split('\0').slice(0, -1)
    const [reconciles, readyUrl = '', mutate = '', validate = '', ...command] = words
    if (reconciles !== 'yes' && purpose === 'reconcile') return []
    const name = basename(file, '.sh')
    return variants[purpose].map(({ suffix, args }) => peer(name + suffix, [...command, ...args], readyUrl, { mutate, validate }))
  }))
  return found.flat()
}

function peer (name: string, command: string[], readyUrl: string, paths: Operator['paths']): Operator {
  const filled = (text: string, { ports }: Assignment) => text.replace(/\{(webhook|health|metrics)\}/g, (_, port: keyof typeof ports) => String(ports[port]))
  return {
    name,
    command: assignment => command.map(part => filled(part, assignment)),
    env: ({ kubeconfig, podNamespace, podName, intervalMs, ports }) => ({
      KUBECONFIG: kubeconfig,
      POD_NAMESPACE: podNamespace,
      POD_NAME: podName,
      INTERVAL: `${intervalMs}ms`,
      WEBHOOK_PORT: String(ports.webhook),
      HEALTH_PORT: String(ports.health),
      METRICS_PORT: String(ports.metrics),
      // It has one core.
      GOMAXPROCS: '1'
    }),
    readyUrl: assignment => filled(readyUrl, assignment),
    paths
  }
}
