// A real Kubernetes control plane as plain processes on this machine, for the demo, the tests and the benchmarks.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type PlaneAccess, accessPlane, planeEnvironment } from './access.ts'
import { findBinaries, findStages } from './binaries.ts'
import {
  type ComponentName, type Ports, apiServerArguments, controllerManagerArguments, etcdArguments, kwokArguments, loopback, node,
  schedulerArguments
} from './components.ts'
import { compactEtcd, isEtcdReady } from './etcd.ts'
import type { Image } from './images/image.ts'
import { type Fleet, type FleetMember, startFleet } from './fleet.ts'
import type { NodeCell, NodeEquipment } from './node/node.ts'
import { writePlaneFiles } from './plane-files.ts'
import { freePorts } from './ports.ts'
import { onFreshPorts } from './process.ts'

export interface ControlPlaneOptions {
  env: NodeJS.ProcessEnv
  /** The real kube-scheduler (default true); without it pods stay where their spec.nodeName puts them. */
  scheduler?: boolean
  /**
   * `kwok` (default) plays one large node n0, on which every pod soon is Running; `containerd` is a real node n0 (Linux, root and
   * the packages of requirements.ts), on which pods run from `images`; `none` leaves pods pending.
   */
  nodes?: 'kwok' | 'containerd' | 'none'
  /** The images of a real node: there is no registry it could pull from. */
  images?: Image[]
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
  /** Gives the real node another image; rejects where there is no real node. */
  load (image: Image): Promise<void>
  /** Ends all processes and removes the directory. */
  stop (): Promise<void>
}

/**
 * Starts a control plane of its own: ports, keys and data in a new directory below the system's temporary one. Any
 * number may run at once. When our process ends without `stop`, a watchdog clears up.
 *
 * Resolves when the API server is ready, namespace `default` has its ServiceAccount and node n0 is Ready; with a real node,
 * when Services answer too. The first time ever the programs are built, which takes minutes (see findBinary, and its errors).
 * Rejects with the end of a component's log when that does not start, and with RequirementError when this machine cannot run
 * a real node.
 */
export async function startControlPlane (options: ControlPlaneOptions): Promise<ControlPlane> {
  const { env, onProgress } = options
  const equipment = await equip(options)
  return await onFreshPorts(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'topicten-'))
    const planeEnv = planeEnvironment(dir, env)
    const fleet = startFleet(dir, planeEnv)
    let cell: NodeCell | undefined
    const stop = async () => {
      await fleet.stop()
      await cell?.clear()
      await rm(dir, { recursive: true, force: true, maxRetries: 5 })
    }
    try {
      if (equipment.node) cell = await (await realNode()).openCell(dir, fleet, equipment.node, planeEnv, onProgress)
      return { ...await startIn(dir, fleet, cell, options, equipment), stop }
    } catch (error) {
      await stop()
      throw error
    }
  })
}

/** Loaded only by planes that have one. */
function realNode () {
  return import('./node/node.ts')
}

interface Equipment {
  binaries: Record<ServerName | ClientName | 'kubectl', string>
  stages: string
  clients: ClientName[]
  node: NodeEquipment | undefined
}

type ServerName = 'etcd' | 'kube-apiserver'
type ClientName = 'kube-controller-manager' | 'kube-scheduler' | 'kwok'

async function equip (options: ControlPlaneOptions): Promise<Equipment> {
  const { env, onProgress, nodes } = options
  const node = nodes === 'containerd' ? await (await realNode()).equipNode(env, onProgress) : undefined
  const clients = clientsOf(options)
  const binaries = await findBinaries([...clients, 'etcd', 'kube-apiserver', 'kubectl'], { env, onProgress })
  const stages = clients.includes('kwok') ? await findStages(binaries.kubectl, { env, onProgress }) : ''
  return { binaries, stages, clients, node }
}

function clientsOf ({ controllerManager = true, scheduler = true, nodes = 'kwok' }: ControlPlaneOptions): ClientName[] {
  return [
    ...(controllerManager ? ['kube-controller-manager'] as const : []),
    ...(scheduler ? ['kube-scheduler'] as const : []),
    ...(nodes === 'kwok' ? ['kwok'] as const : [])
  ]
}

async function startIn (
  dir: string, fleet: Fleet, cell: NodeCell | undefined, options: ControlPlaneOptions, { binaries, stages, clients }: Equipment
): Promise<Omit<ControlPlane, 'stop'>> {
  const { env, audit = false, apiServerFlags: flags = [], images = [], onProgress } = options
  const [etcd, etcdPeer, apiServer] = await freePorts(3) as [number, number, number]
  const ports: Ports = { etcd, etcdPeer, apiServer }
  const etcdUrl = `http://127.0.0.1:${etcd}`
  const reach = cell?.network ?? loopback
  const address = await writePlaneFiles(dir, `https://${reach.address}:${apiServer}`, [reach.address, reach.apiService], Date.now())
  const access = accessPlane({ ...address, hostAddress: reach.address }, env, onProgress)
  const succeeds = (args: string[]) => access.kubectl(args).then(() => true)
  const start = async (name: ServerName | ClientName, args: string[], isReady: FleetMember['isReady']) => {
    onProgress?.(`starting ${name}`)
    await fleet.start({ name, file: binaries[name], args, isReady })
  }
  const startClient: Record<ClientName, () => Promise<void>> = {
    'kube-controller-manager': () => start('kube-controller-manager', controllerManagerArguments(dir), () =>
      succeeds(['wait', '--for=create', '--namespace=default', 'serviceaccount/default', '--timeout=2s'])),
    'kube-scheduler': () => start('kube-scheduler', schedulerArguments(dir), async () => true),
    kwok: async () => {
      await access.kubectl(['create', '--filename=-'], JSON.stringify(node))
      await start('kwok', kwokArguments(dir, stages), () => succeeds(['wait', '--for=condition=Ready', 'node/n0', '--timeout=2s']))
    }
  }
  const startServers = async () => {
    // Our directory's name is this etcd's name: another plane's etcd at our port is not taken for ours.
    await start('etcd', etcdArguments(dir, ports, basename(dir)), () => isEtcdReady(etcdUrl, basename(dir)))
    await start('kube-apiserver', apiServerArguments(dir, ports, { audit, flags, reach }), () => succeeds(['get', '--raw=/readyz']))
  }
  await settled([startServers(), cell?.prepare(images)])
  await settled([...clients.map(name => startClient[name]()), cell?.join(access.kubectl)])
  await fleet.check()
  return {
    ...access,
    pid: fleet.pid,
    kill: (component, signal = 'SIGKILL') => fleet.kill(component, signal),
    restart: fleet.restart,
    compact: async () => { await compactEtcd(etcdUrl) },
    async load (image) {
      if (!cell) throw new Error('this control plane has no real node that could have an image')
      await cell.load(image)
    }
  }
}

/** Like Promise.all, but nothing goes on any more when it rejects: what was started can be stopped. */
async function settled (promises: (Promise<void> | undefined)[]): Promise<void> {
  const failed = (await Promise.allSettled(promises)).find(result => result.status === 'rejected')
  if (failed) throw failed.reason
}
