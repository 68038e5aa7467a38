// Runs buildah with a storage of its own, which goes when the work is done: what is kept are the archives.
import { mkdir, rm } from 'node:fs/promises'
import { runCommand } from '../command.ts'
import { requireFor, rootPath } from '../requirements.ts'

export type Buildah = (args: string[]) => Promise<string>

/** Calls `work` with a buildah whose storage is in `folder`. Rejects with a RequirementError where there can be none. */
export async function withBuildah (folder: string, env: NodeJS.ProcessEnv, work: (buildah: Buildah) => Promise<void>): Promise<void> {
  await requireFor('images', env)
  const buildEnv = { PATH: rootPath(env), HOME: folder, TMPDIR: folder, BUILDAH_ISOLATION: 'chroot' }
  // The one driver that works wherever we may be, and mounts of its own, so that none is left when it is killed.
  const program = ['--mount', '--propagation=private', 'buildah', '--storage-driver=vfs', `--root=${folder}/storage`, `--runroot=${folder}/run`]
  await mkdir(folder, { recursive: true })
  try {
    await work(args => runCommand('unshare', [...program, ...args], { env: buildEnv, cwd: folder }))
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
