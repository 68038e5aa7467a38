// Processes that belong together: those of one plane, each known by its component, or others beside it; all ended in the right order.
import type { ComponentName } from './components.ts'
import { startGuard } from './guard.ts'
import { type ComponentProcess, startProcess } from './process.ts'

export interface FleetMember<Name extends string = ComponentName> {
  name: Name
  file: string
  args: string[]
  /** In place of the fleet's own. */
  env?: NodeJS.ProcessEnv
  /** What `ready` means for it; a rejection means not yet. */
  isReady (): Promise<boolean>
}

export interface Fleet<Name extends string = ComponentName> {
  /** Starts a component and resolves when it is ready; errors are those of ComponentProcess.ready. */
  start (member: FleetMember<Name>): Promise<void>
  /** Rejects with the end of its log when a component is no longer there. */
  check (): Promise<void>
  pid (name: Name): number
  /** Has the watchdog end another process too, one that is not a child of ours. */
  watch (pid: number): void
  kill (name: Name, signal: NodeJS.Signals): Promise<void>
  restart (name: Name): Promise<void>
  /** Ends all of them and the watchdog. */
  stop (): Promise<void>
}

// The API server takes a minute to obey while clients hold watches, and nothing here is worth waiting for.
const graceMs = 500
const servers: string[] = ['kube-apiserver', 'etcd']

/** A fleet without members, under a watchdog that ends them and removes `dir` when our process dies. */
export function startFleet<Name extends string = ComponentName> (dir: string, env: NodeJS.ProcessEnv): Fleet<Name> {
  const guard = startGuard(dir, env)
  const running = new Map<string, { member: FleetMember<Name>, process: ComponentProcess }>()

  async function start (member: FleetMember<Name>): Promise<void> {
    const process = await startProcess({ env, ...member, dir, guard })
    running.set(member.name, { member, process })
    await process.ready(member.isReady)
  }

  function named (name: Name) {
    const found = running.get(name)
    if (!found) throw new Error(`this control plane has no ${name}, only ${[...running.keys()].join(', ')}`)
    return found
  }

  return {
    start,
    async check () {
      await Promise.all([...running.values()].map(({ process }) => process.ready(async () => true)))
    },
    pid: name => named(name).process.pid,
    watch: guard.watch,
    async kill (name, signal) {
      await named(name).process.end(signal)
    },
    async restart (name) {
      const { member, process } = named(name)
      await process.end('SIGTERM', graceMs)
      await start(member)
    },
    async stop () {
      // All that is in a cell goes with it, at once.
      await running.get('cell')?.process.end('SIGKILL')
      const clients = [...running.keys()].filter(name => !servers.includes(name))
      for (const names of [clients, ...servers.map(name => [name])]) {
        await Promise.all(names.map(name => running.get(name)?.process.end('SIGTERM', graceMs)))
      }
      await guard.dismiss()
    }
  }
}
