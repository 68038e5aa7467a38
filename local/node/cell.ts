// The cell a node lives in: network, mounts and processes of its own, which end all together with its first process.
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { runCommand } from '../command.ts'

/** How a program is started. */
export interface Invocation {
  file: string
  args: string[]
}

/**
 * Starts `init` as the first process of a new cell. `unshare` waits outside; when it is killed, or when we are, the kernel ends
 * `init`, and with it every other process of the cell, its mounts, its links and its packet filter.
 */
export function cellInvocation (init: string): Invocation {
  return {
    file: 'setpriv',
    args: [
      '--pdeathsig=KILL', 'unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation=private', init
    ]
  }
}

/** Starts a program in the cell of `init`. Its parent is outside; when that ends, the program is killed. */
export function inCell (init: number, file: string, args: string[]): Invocation {
  return { file: 'nsenter', args: [`--target=${init}`, '--net', '--mount', '--pid', 'setpriv', '--pdeathsig=KILL', file, ...args] }
}

/** The id, out here, of the first process of the cell that process `parent` started. Rejects when there is none within seconds. */
export async function initOf (parent: number): Promise<number> {
  for (let looks = 0; looks < 100; looks++) {
    const [child] = (await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8').catch(() => '')).split(' ')
    if (child) return Number(child)
    await delay(50)
  }
  throw new Error('the cell of the node has no first process; its log says why')
}

/** Covers what programs of a node write to whatever they are told, and lets it pass packets on. */
export async function furnish (init: number, env: NodeJS.ProcessEnv): Promise<void> {
  const { file, args } = inCell(init, 'sh', ['-ec', [
    // Sockets, locks and name spaces; the CNI results; links to the logs of containers.
    ...['/run', '/var/lib', '/var/log'].map(path => `mount -t tmpfs -o mode=755 topicten ${path}`),
    'echo 1 > /proc/sys/net/ipv4/ip_forward'
  ].join('\n')])
  await runCommand(file, args, { env })
}

/** Whether layers can lie over each other in `folder`, which is made: not where it is in a container's own file system. */
export async function canOverlay (init: number, folder: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const { file, args } = inCell(init, 'sh', ['-ec', `
    mkdir -p '${folder}/overlay/lower' '${folder}/overlay/upper' '${folder}/overlay/work' '${folder}/overlay/both'
    cd '${folder}/overlay'
    mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work topicten both
    umount both`])
  return runCommand(file, args, { env }).then(() => true, () => false)
}
