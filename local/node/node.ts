// A real node of a plane: containerd, kubelet and kube-proxy in a cell of their own, with images that we bring.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findBinaries } from '../binaries.ts'
import { containerCgroups, removeCgroups } from '../cgroups.ts'
import { runCommand } from '../command.ts'
import { nodeName } from '../components.ts'
import type { Fleet, FleetMember } from '../fleet.ts'
import type { Image } from '../images/image.ts'
import { makePauseImage } from '../images/pause.ts'
import { accepts } from '../ports.ts'
import { requireFor, rootPath } from '../requirements.ts'
import { startTimeOf } from '../start-time.ts'
import { canOverlay, cellInvocation, furnish, inCell, initOf } from './cell.ts'
import { type Network, joinCell } from './network.ts'
import { containerdConfig, kubeletArguments, kubeletConfig, nodeFiles, pluginConfig, proxyArguments } from './settings.ts'

/** What a node is made of; the same for any number of nodes. */
export interface NodeEquipment {
  programs: Record<'kubelet' | 'kube-proxy' | 'pause', string>
  pause: Image
}

/** A node in the making: its cell is there, and with it the addresses that the control plane needs. */
export interface NodeCell {
  network: Network
  /** Starts containerd and gives it the images; resolves when it has them. Needs no API server. */
  prepare (images: Image[]): Promise<void>
  /** Starts kubelet and kube-proxy; resolves when the node is Ready and the Service `kubernetes` answers. Needs the API server. */
  join (kubectl: (args: string[]) => Promise<string>): Promise<void>
  /** Gives the node another image. */
  load (image: Image): Promise<void>
  /** Removes what is left when the fleet has stopped. */
  clear (): Promise<void>
}

/** Finds or makes all that a node needs. Rejects with a RequirementError when this machine can run none, else as findBinary does. */
export async function equipNode (env: NodeJS.ProcessEnv, onProgress?: (line: string) => void): Promise<NodeEquipment> {
  await requireFor('nodes', env)
  const programs = await findBinaries(['kubelet', 'kube-proxy', 'pause'], { env, onProgress })
  return { programs, pause: await makePauseImage(programs.pause, env) }
}

/** Opens the cell of a node in the directory of its plane. `fleet` has its processes. */
export async function openCell (
  dir: string, fleet: Fleet, { programs, pause }: NodeEquipment, planeEnv: NodeJS.ProcessEnv, onProgress?: (line: string) => void
): Promise<NodeCell> {
  const env = { ...planeEnv, PATH: rootPath(planeEnv) }
  const paths = nodeFiles(dir)
  let init = 0
  await fleet.start({
    name: 'cell', ...cellInvocation(programs.pause), env, isReady: async () => { init = await initOf(fleet.pid('cell')); return true }
  })
  fleet.watch(init)
  await furnish(init, env)
  const network = await joinCell(init, env)
  const start = async (name: FleetMember['name'], file: string, args: string[], isReady: FleetMember['isReady']) => {
    onProgress?.(`starting ${name}`)
    await fleet.start({ name, ...inCell(init, file, args), env, isReady })
  }
  const ctr = (args: string[]) => runCommand('ctr', [`--address=${paths.socket}`, '--namespace=k8s.io', ...args], { env })
  const snapshotter = await canOverlay(init, paths.folder, env) ? 'overlayfs' : 'native'
  const load = async ({ archive }: Image) => { await ctr(['images', 'import', `--snapshotter=${snapshotter}`, archive]) }

  return {
    network,
    load,
    async prepare (images) {
      await mkdir(paths.plugins, { recursive: true })
      await Promise.all([
        writeFile(join(paths.plugins, 'pods.conflist'), JSON.stringify(pluginConfig(dir, network))),
        writeFile(paths.containerd, containerdConfig(dir, { pauseImage: pause.reference, snapshotter })),
        writeFile(paths.kubelet, JSON.stringify(kubeletConfig(dir, network)))
      ])
      await start('containerd', 'containerd', [`--config=${paths.containerd}`], () => ctr(['version']).then(() => true))
      await Promise.all([pause, ...images].map(load))
    },
    async join (kubectl) {
      await Promise.all([
        start('kubelet', programs.kubelet, kubeletArguments(dir, network), async () => {
          await kubectl(['wait', '--for=condition=Ready', `node/${nodeName}`, '--timeout=2s'])
          // Started again, it is Ready for others before it is there.
          return await kubectl(['get', `--raw=/api/v1/nodes/${nodeName}/proxy/healthz`]) === 'ok'
        }),
        start('kube-proxy', programs['kube-proxy'], proxyArguments(dir, network), () => accepts(443, network.apiService))
      ])
    },
    async clear () {
      while (startTimeOf(init)) await delay(20)
      await removeCgroups(containerCgroups(dir))
    }
  }
}
