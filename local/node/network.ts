// The addresses of a node: a range for each, out of one that is nobody's network.
import { randomInt } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { runCommand } from '../command.ts'
import type { Reach } from '../components.ts'

export interface Network extends Reach {
  /** The interface on this machine; the other end, in the cell, is `eth0`. */
  link: string
  /** The node's own address, at the other end of the link to `address`. */
  node: string
  pods: string
}

const count = 64

/**
 * The addresses of network `n` (0..63), 198.18.0.0/16 cut into pieces of 1,024: half of what RFC 2544 sets apart for
 * benchmarks, so that neither the person's networks nor the internet's have them.
 */
export function networkOf (n: number): Network {
  const [link, pods, services] = [0, 1, 2].map(part => `198.18.${4 * n + part}`)
  return {
    link: `topicten${n}`,
    address: `${link}.1`,
    node: `${link}.2`,
    pods: `${pods}.0/24`,
    services: `${services}.0/24`,
    apiService: `${services}.1`,
    proxied: true
  }
}

/**
 * Joins the cell whose first process is `init` to this machine by a link of its own, and gives its addresses. The link and its
 * routes go with the cell. Rejects when all networks are taken.
 */
export async function joinCell (init: number, env: NodeJS.ProcessEnv): Promise<Network> {
  const first = randomInt(count)
  for (let i = 0; i < count; i++) {
    const network = networkOf((first + i) % count)
    if (!isFree(network)) continue
    // The name of the link is the claim: it can be there only once.
    if (!await addLink(network, init, env)) continue
    await runCommand('ip', ['-batch', '-'], { env, input: hostSide(network) })
    await runCommand('nsenter', [`--target=${init}`, '--net', 'ip', '-batch', '-'], { env, input: cellSide(network) })
    return network
  }
  throw new Error(`all ${count} networks for nodes are taken: end beds that still run (ip link shows them as ${networkOf(0).link}, ...)`)
}

function isFree ({ address }: Network): boolean {
  const prefix = address.split('.').slice(0, 3).join('.')
  return !Object.values(networkInterfaces()).flat().some(known => known?.address.startsWith(`${prefix}.`))
}

async function addLink ({ link }: Network, init: number, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await runCommand('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${init}`], { env })
    return true
  } catch (error) {
    if (/File exists/.test(String(error))) return false
    throw error
  }
}

function hostSide ({ link, address, node, pods, services }: Network): string {
  return [
    `address add ${address}/30 dev ${link}`, `link set ${link} up`,
    `route add ${pods} via ${node}`, `route add ${services} via ${node}`
  ].join('\n')
}

function cellSide ({ address, node }: Network): string {
  // The default route ends at this machine, which forwards nothing of it: a pod reaches us and its like, no one else.
  return ['link set lo up', `address add ${node}/30 dev eth0`, 'link set eth0 up', `route add default via ${address}`].join('\n')
}
