// Finds the programs of a control plane: those the person has, those built before, else builds them with Go.
import { constants } from 'node:fs'
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { type ProgramName, buildOf } from './programs.ts'

export interface BinaryOptions {
  env: NodeJS.ProcessEnv
  onProgress?: ((line: string) => void) | undefined
}

/** There is no Go, or one too old, to build what is not there yet. */
export class MissingGoError extends Error {
  override readonly name = 'MissingGoError'

  constructor (name: string, found: string) {
    super(`${name} has to be made and ${found}. Install Go 1.26 or newer (https://go.dev/dl), ` +
      `or set KUBEBUILDER_ASSETS to a folder that holds ${name}.`)
  }
}

// Two planes that start at once in one process build each program once.
const making = new Map<string, Promise<string>>()

/**
 * The path of program `name`: from $KUBEBUILDER_ASSETS if it is there, else from the cache ($TOPICTEN_CACHE, else
 * $XDG_CACHE_HOME/topicten, else ~/.cache/topicten), else built into the cache, which takes minutes once.
 *
 * Rejects with MissingGoError when it has to be built without a fitting Go, and with Go's own words when the build fails.
 */
export async function findBinary (name: ProgramName, { env, onProgress }: BinaryOptions): Promise<string> {
  const given = await assetNamed(name, env)
  if (given) return given
  const build = await buildOf(name)
  return once(join(cacheFolder(env), `${name}-${build.key}`), constants.X_OK, async path => {
    onProgress?.(`building ${name} (about ${build.minutes} minute${build.minutes === 1 ? '' : 's'}, once)`)
    const [verb, ...rest] = build.args
    await go(name, [verb ?? 'build', '-o', path, ...rest], build.cwd, { ...env, ...build.env })
  })
}

/** The paths of several programs, built one after the other: each build uses all cores by itself. */
export async function findBinaries<Name extends ProgramName> (names: Name[], options: BinaryOptions): Promise<Record<Name, string>> {
  const found: [Name, string][] = []
  for (const name of names) found.push([name, await findBinary(name, options)])
  return Object.fromEntries(found) as Record<Name, string>
}

/**
 * The path of the file that tells kwok how nodes and pods live, made from kwok's own module: `kwok-stages.yaml` of
 * $KUBEBUILDER_ASSETS, else the one in the cache. Errors are those of findBinary.
 */
export async function findStages (kubectl: string, { env, onProgress }: BinaryOptions): Promise<string> {
  const name = 'kwok-stages.yaml'
  const given = await assetNamed(name, env, constants.R_OK)
  if (given) return given
  const build = await buildOf('kwok')
  return once(join(cacheFolder(env), `kwok-stages-${build.key}.yaml`), constants.R_OK, async path => {
    onProgress?.('making the stages of kwok')
    const module = await go(name, ['mod', 'download', '-json', 'sigs.k8s.io/kwok'], build.cwd, { ...env, ...build.env })
    const { Dir } = JSON.parse(module) as { Dir: string }
    const parts = ['node/fast', 'node/heartbeat-with-lease', 'pod/fast'].map(part =>
      runCommand(kubectl, ['kustomize', join(Dir, 'kustomize/stage', part)], { env }))
    await writeFile(path, (await Promise.all(parts)).join('---\n'))
  })
}

async function assetNamed (name: string, env: NodeJS.ProcessEnv, mode = constants.X_OK): Promise<string | undefined> {
  const path = env['KUBEBUILDER_ASSETS'] && join(env['KUBEBUILDER_ASSETS'], name)
  return path && await isThere(path, mode) ? path : undefined
}

function cacheFolder (env: NodeJS.ProcessEnv): string {
  return env['TOPICTEN_CACHE'] || join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'topicten')
}

/** `path`, after `make` wrote it if it was not there. It appears whole, however many processes make it at once. */
async function once (path: string, mode: number, make: (path: string) => Promise<void>): Promise<string> {
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
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return path
}

async function go (name: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  try {
    return await runCommand('go', args, { cwd, env })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new MissingGoError(name, 'there is no go on the PATH')
    const old = /requires go >= \S+ \(running go [^;)]+/.exec(String(error))
    if (old) throw new MissingGoError(name, `Go is too old: its module ${old[0]})`)
    throw new Error(`${name} could not be built`, { cause: error })
  }
}

function isThere (path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(() => true, () => false)
}
