// A real Kubernetes control plane as plain processes on 127.0.0.1, for the demo, the tests and the benchmarks.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type PlaneAccess, accessPlane, planeEnvironment } from './access.ts'
import { findBinaries, findStages } from './binaries.ts'
import {
  type ComponentName, type Ports, apiServerArguments, controllerManagerArguments, etcdArguments, kwokArguments, node, schedulerArguments
} from './components.ts'
import { compactEtcd, isEtcdReady } from './etcd.ts'
import { type Fleet, type FleetMember, startFleet } from './fleet.ts'
import { writePlaneFiles } from './plane-files.ts'
import { freePorts } from './ports.ts'
import { PortTakenError } from './process.ts'

export interface ControlPlaneOptions {
  env: NodeJS.ProcessEnv
  /** The real kube-scheduler (default true); without it pods stay where their spec.nodeName puts them. */
  scheduler?: boolean
  /** `kwok` (default) plays one large node n0, on which every pod soon is Running; `none` leaves pods pending. */
  nodes?: 'kwok' | 'none'
  /** Default true; without it no ReplicaSet, no default ServiceAccount and no garbage collection. */
  controllerManager?: boolean
  /** Keeps an audit log (default false). */
  audit?: boolean
  /** Further flags of kube-apiserver; they win over ours. */
  apiServerFlags?: string[]
  /** Told in half a sentence what takes its time. */
  onProgress?: (line: string) => void
}

export interface ControlPlane extends PlaneAccess {
  /** The process id of a component; throws when the plane has no such component. */
  pid (component: ComponentName): number
  /** Sends SIGKILL or another signal, and resolves when the process is gone: do not use it to SIGSTOP. */
  kill (component: ComponentName, signal?: NodeJS.Signals): Promise<void>
  /** Starts a component again with the same ports and data, after it was ended if need be. Resolves when it is ready. */
  restart (component: ComponentName): Promise<void>
  /**
   * Makes etcd forget its history. The API server's watch cache still remembers a while: a watch from an old
   * resourceVersion gets its 410 after `restart('kube-apiserver')`, or at once on a plane with `--watch-cache=false`.
   */
  compact (): Promise<void>
  /** Ends all processes and removes the directory. */
  stop (): Promise<void>
}

/**
 * Starts a control plane of its own: ports, keys and data in a new directory below the system's temporary one. Any
 * number may run at once. When our process ends without `stop`, a watchdog clears up.
 *
 * Resolves when the API server is ready, namespace `default` has its ServiceAccount and node n0 is Ready. The first
 * time ever the programs are built, which takes minutes (see findBinary, and its errors). Rejects with the end of a
 * component's log when that does not start.
 */
export async function startControlPlane (options: ControlPlaneOptions): Promise<ControlPlane> {
  const { env, onProgress } = options
  const clients = clientsOf(options)
  const binaries = await findBinaries([...clients, 'etcd', 'kube-apiserver', 'kubectl'], { env, onProgress })
  const stages = clients.includes('kwok') ? await findStages(binaries.kubectl, { env, onProgress }) : ''
  for (let tries = 1; ; tries++) {
    const dir = await mkdtemp(join(tmpdir(), 'topicten-'))
    const fleet = startFleet(dir, planeEnvironment(dir, env))
    const stop = () => fleet.stop().then(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }))
    try {
      return { ...await startIn(dir, fleet, options, { binaries, stages, clients }), stop }
    } catch (error) {
      await stop()
      if (!(error instanceof PortTakenError) || tries === 5) throw error
    }
  }
}

interface Equipment {
  binaries: Record<ComponentName | 'kubectl', string>
  stages: string
  clients: Client[]
}

type Client = Exclude<ComponentName, 'etcd' | 'kube-apiserver'>

function clientsOf ({ controllerManager = true, scheduler = true, nodes = 'kwok' }: ControlPlaneOptions): Client[] {
  return [
    ...(controllerManager ? ['kube-controller-manager'] as const : []),
    ...(scheduler ? ['kube-scheduler'] as const : []),
    ...(nodes === 'kwok' ? ['kwok'] as const : [])
  ]
}

async function startIn (
  dir: string, fleet: Fleet, options: ControlPlaneOptions, { binaries, stages, clients }: Equipment
): Promise<Omit<ControlPlane, 'stop'>> {
  const { env, audit = false, apiServerFlags = [], onProgress } = options
  const [etcd, etcdPeer, apiServer] = await freePorts(3) as [number, number, number]
  const ports: Ports = { etcd, etcdPeer, apiServer }
  const etcdUrl = `http://127.0.0.1:${etcd}`
  const address = await writePlaneFiles(dir, `https://127.0.0.1:${apiServer}`, Date.now())
  const access = accessPlane(address, env, onProgress)
  const succeeds = (args: string[]) => access.kubectl(args).then(() => true)
  const start = async (name: ComponentName, args: string[], isReady: FleetMember['isReady']) => {
    onProgress?.(`starting ${name}`)
    await fleet.start({ name, file: binaries[name], args, isReady })
  }
  const startClient: Record<Client, () => Promise<void>> = {
    'kube-controller-manager': () => start('kube-controller-manager', controllerManagerArguments(dir), () =>
      succeeds(['wait', '--for=create', '--namespace=default', 'serviceaccount/default', '--timeout=2s'])),
    'kube-scheduler': () => start('kube-scheduler', schedulerArguments(dir), async () => true),
    kwok: async () => {
      await access.kubectl(['create', '--filename=-'], JSON.stringify(node))
      await start('kwok', kwokArguments(dir, stages), () => succeeds(['wait', '--for=condition=Ready', 'node/n0', '--timeout=2s']))
    }
  }
  // Our directory's name is this etcd's name: another plane's etcd at our port is not taken for ours.
  await start('etcd', etcdArguments(dir, ports, basename(dir)), () => isEtcdReady(etcdUrl, basename(dir)))
  await start('kube-apiserver', apiServerArguments(dir, ports, { audit, flags: apiServerFlags }), () => succeeds(['get', '--raw=/readyz']))
  await Promise.all(clients.map(name => startClient[name]()))
  await fleet.check()
  return {
    ...access,
    pid: fleet.pid,
    kill: (component, signal = 'SIGKILL') => fleet.kill(component, signal),
    restart: fleet.restart,
    compact: async () => { await compactEtcd(etcdUrl) }
  }
}
