// Runs buildah with a storage of its own, which goes when the work is done: what is kept are the archives.
import { mkdir, rm } from 'node:fs/promises'
import { runCommand } from '../command.ts'
import { requireFor, rootPath } from '../requirements.ts'

export type Buildah = (args: string[]) => Promise<string>

/** Calls `work` with a buildah whose storage is in `folder`. Rejects with a RequirementError where there can be none. */
export async function withBuildah (folder: string, env: NodeJS.ProcessEnv, work: (buildah: Buildah) => Promise<void>): Promise<void> {
  await requireFor('images', env)
  const buildEnv = { PATH: rootPath(env), HOME: folder, TMPDIR: folder, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' }
  const storage = [`--root=${folder}/storage`, `--runroot=${folder}/run`]
  await mkdir(folder, { recursive: true })
  try {
    await work(args => runCommand('buildah', [...storage, ...args], { env: buildEnv, cwd: folder }))
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
