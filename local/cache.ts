// The cache of what takes long to make: each file or folder in it is made once and appears whole.
import { constants } from 'node:fs'
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

// Two that ask at once in one process wait for one making.
const making = new Map<string, Promise<string>>()

/** $TOPICTEN_CACHE, else $XDG_CACHE_HOME/topicten, else ~/.cache/topicten. */
export function cacheFolder (env: NodeJS.ProcessEnv): string {
  return env['TOPICTEN_CACHE'] || join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'topicten')
}

/**
 * The path of `name` in the cache, after `make` wrote it to the path it was given if it was not there. It appears whole, however
 * many processes make it at once; `make` may leave what it likes beside it. Rejects as `make` does.
 */
export async function inCache (
  env: NodeJS.ProcessEnv, name: string, make: (path: string) => Promise<void>, mode: number = constants.R_OK
): Promise<string> {
  const path = join(cacheFolder(env), name)
  if (await isThere(path, mode)) return path
  const made = making.get(path) ?? intoPlace(path, make).finally(() => making.delete(path))
  making.set(path, made)
  return made
}

async function intoPlace (path: string, make: (path: string) => Promise<void>): Promise<string> {
  const folder = join(path, '..')
  await mkdir(folder, { recursive: true })
  const draft = await mkdtemp(join(folder, '.draft-'))
  try {
    await make(join(draft, 'made'))
    await rename(join(draft, 'made'), path)
  } catch (error) {
    // A folder is not replaced: another process made the same first.
    if (!await isThere(path, constants.R_OK)) throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return path
}

/** Whether we may use `path` in the way `mode` says. */
export function isThere (path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(() => true, () => false)
}
