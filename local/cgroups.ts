// The control groups of containers that were killed with all else: the one thing of a node that outlives its processes.
import { existsSync, readdirSync, rmdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const root = '/sys/fs/cgroup'
/** The folder of all groups of Kubernetes' containers, other clusters' too. */
const parent = 'k8s.io'

/** Where containerd, in a plane's directory, keeps the state of containers: a folder each, named by its id. */
export const stateFolder = 'node/containerd-state'

/** The groups that the containers of the plane in `dir` have, before the folders of them all; none where there is no real node. */
export function containerCgroups (dir: string): string[] {
  const state = join(dir, stateFolder)
  if (!existsSync(state)) return []
  const ids = foldersIn(join(state, 'io.containerd.runtime.v2.task', parent))
  return hierarchies().flatMap(hierarchy => [...ids.map(id => join(hierarchy, parent, id)), join(hierarchy, parent)])
}

/**
 * Removes `groups` in their order. Only empty ones go: no process is ever touched, nor another plane's groups. A container's group is not
 * empty until the kernel has done with its processes, a moment after they are gone; it gets five seconds.
 */
export async function removeCgroups (groups: string[]): Promise<void> {
  for (const group of groups) {
    // Others may live in the folder of them all for as long as they like.
    let attemptsLeft = basename(group) === parent ? 1 : 100
    while (!removeGroup(group) && --attemptsLeft > 0) await delay(50)
  }
}

/** Whether it is gone now, or could never be removed; false while somebody lives in it. */
function removeGroup (group: string): boolean {
  try {
    rmdirSync(group)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EBUSY'
  }
}

/** Version 1 has a folder for each controller, version 2 has one tree. */
function hierarchies (): string[] {
  return [root, ...foldersIn(root).map(name => join(root, name))]
}

function foldersIn (path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name)
  } catch {
    return []
  }
}
