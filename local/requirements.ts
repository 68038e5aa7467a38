// What a real node and the images need of the machine, and the sentence that says what is missing.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { platform, userInfo } from 'node:os'
import { join } from 'node:path'

/** This machine cannot run a real node or build images. */
export class RequirementError extends Error {
  override readonly name = 'RequirementError'
}

/** The programs, with the Debian packages that bring them. */
export const packages = {
  nodes: {
    containerd: 'containerd',
    ctr: 'containerd',
    runc: 'runc',
    ptp: 'containernetworking-plugins',
    iptables: 'iptables',
    ip: 'iproute2',
    unshare: 'util-linux',
    nsenter: 'util-linux',
    setpriv: 'util-linux',
    mount: 'mount'
  },
  images: { buildah: 'buildah', unshare: 'util-linux' }
} as const

/** Where Debian puts the plugins of containernetworking-plugins. */
export const pluginFolder = '/usr/lib/cni'

/** The PATH of `env` and the folders of programs for root, which not every PATH has. */
export function rootPath (env: NodeJS.ProcessEnv): string {
  return [env['PATH'], '/usr/sbin', '/sbin'].filter(Boolean).join(':')
}

/** Rejects with a RequirementError, in one sentence, unless this is Linux, we are root and the programs for `what` are there. */
export async function requireFor (what: keyof typeof packages, env: NodeJS.ProcessEnv): Promise<void> {
  const purpose = what === 'nodes' ? 'a real node' : 'building images'
  if (platform() !== 'linux') throw new RequirementError(`${purpose} needs Linux, and this is ${platform()}`)
  if (userInfo().uid !== 0) throw new RequirementError(`${purpose} needs root, and we are ${userInfo().username}`)
  const folders = [...rootPath(env).split(':'), pluginFolder]
  const missing = new Set<string>()
  for (const [program, name] of Object.entries(packages[what])) {
    if (!await isIn(folders, program)) missing.add(name)
  }
  if (missing.size > 0) throw new RequirementError(`${purpose} needs packages that are missing here: apt-get install ${[...missing].join(' ')}`)
}

async function isIn (folders: string[], program: string): Promise<boolean> {
  const looks = folders.map(folder => access(join(folder, program), constants.X_OK))
  return Promise.any(looks).then(() => true, () => false)
}
