// What a real node, the images and the controllers of others need of the machine, and the sentence that says what is missing.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { platform, userInfo } from 'node:os'
import { join } from 'node:path'

/** This machine cannot run what was asked for. */
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
  images: { buildah: 'buildah', unshare: 'util-linux' },
  'sealed-secrets': { unshare: 'util-linux', mount: 'mount' },
  argocd: { 'redis-server': 'redis-server', 'redis-cli': 'redis-tools', git: 'git' }
} as const

const purposes: Record<keyof typeof packages, { name: string, ofRoot: boolean }> = {
  nodes: { name: 'a real node', ofRoot: true },
  images: { name: 'building images', ofRoot: true },
  'sealed-secrets': { name: 'the controller of sealed-secrets', ofRoot: true },
  argocd: { name: 'Argo CD', ofRoot: false }
}

/** Where Debian puts the plugins of containernetworking-plugins. */
export const pluginFolder = '/usr/lib/cni'

/** The PATH of `env` and the folders of programs for root, which not every PATH has. */
export function rootPath (env: NodeJS.ProcessEnv): string {
  return [env['PATH'], '/usr/sbin', '/sbin'].filter(Boolean).join(':')
}

/**
 * Rejects with a RequirementError, in one sentence, unless the programs for `what` are there and, where it takes that, we are root
 * on Linux.
 */
export async function requireFor (what: keyof typeof packages, env: NodeJS.ProcessEnv): Promise<void> {
  const { name, ofRoot } = purposes[what]
  if (ofRoot) requireRoot(name)
  const folders = [...rootPath(env).split(':'), pluginFolder]
  const missing = new Set<string>()
  for (const [program, itsPackage] of Object.entries(packages[what])) {
    if (!await isIn(folders, program)) missing.add(itsPackage)
  }
  if (missing.size > 0) throw new RequirementError(`${name} needs packages that are missing here: apt-get install ${[...missing].join(' ')}`)
}

function requireRoot (purpose: string): void {
  if (platform() !== 'linux') throw new RequirementError(`${purpose} needs Linux, and this is ${platform()}`)
  if (userInfo().uid !== 0) throw new RequirementError(`${purpose} needs root, and we are ${userInfo().username}`)
}

async function isIn (folders: string[], program: string): Promise<boolean> {
  const looks = folders.map(folder => access(join(folder, program), constants.X_OK))
  return Promise.any(looks).then(() => true, () => false)
}
