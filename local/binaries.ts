// Finds the programs of planes and nodes: those the person has, those built before, else builds them with Go.
import { constants, globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inCache, isThere } from './cache.ts'
import { runCommand } from './command.ts'
import { type Build, type ProgramName, buildOf } from './programs.ts'

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

/**
 * The path of program `name`: from $KUBEBUILDER_ASSETS if it is there, else from the cache (cache.ts), else
 * built into the cache, which takes minutes once.
 *
 * Rejects with MissingGoError when it has to be built without a fitting Go, and with Go's own words when the build fails.
 */
export async function findBinary (name: ProgramName, { env, onProgress }: BinaryOptions): Promise<string> {
  const given = await assetNamed(name, env)
  if (given) return given
  const build = await buildOf(name)
  return inCache(env, `${name}-${build.key}`, async path => {
    onProgress?.(`building ${name} (about ${build.minutes} minute${build.minutes === 1 ? '' : 's'}, once)`)
    const [verb, ...rest] = build.args
    await go(name, [verb ?? 'build', '-o', path, ...rest], build.cwd, { ...env, ...build.env })
  }, constants.X_OK)
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
  return inCache(env, `kwok-stages-${build.key}.yaml`, async path => {
    onProgress?.('making the stages of kwok')
    const folder = await sourcesOf(name, 'sigs.k8s.io/kwok', build, env)
    const parts = ['node/fast', 'node/heartbeat-with-lease', 'pod/fast'].map(part =>
      runCommand(kubectl, ['kustomize', join(folder, 'kustomize/stage', part)], { env }))
    await writeFile(path, (await Promise.all(parts)).join('---\n'))
  })
}

/**
 * The path of one file with the CRDs that program `name` brings, from its own module: `NAME-crds.yaml` of $KUBEBUILDER_ASSETS, else
 * the one in the cache. Rejects when it has none; other errors are those of findBinary.
 */
export async function findCrds (name: ProgramName, { env }: BinaryOptions): Promise<string> {
  const file = `${name}-crds.yaml`
  const given = await assetNamed(file, env, constants.R_OK)
  if (given) return given
  const build = await buildOf(name)
  const { crds } = build
  if (!crds) throw new Error(`${name} brings no CRDs`)
  return inCache(env, `${name}-crds-${build.key}.yaml`, async path => {
    const folder = await sourcesOf(file, crds.module, build, env)
    const found = globSync(join(folder, crds.files)).sort()
    await writeFile(path, (await Promise.all(found.map(crd => readFile(crd, 'utf8')))).join('\n---\n'))
  })
}

/** Where Go keeps the sources of a module, in the version that a build has; they are fetched if need be. */
async function sourcesOf (name: string, module: string, build: Build, env: NodeJS.ProcessEnv): Promise<string> {
  const answer = await go(name, ['mod', 'download', '-json', module], build.cwd, { ...env, ...build.env })
  return (JSON.parse(answer) as { Dir: string }).Dir
}

async function assetNamed (name: string, env: NodeJS.ProcessEnv, mode = constants.X_OK): Promise<string | undefined> {
  const path = env['KUBEBUILDER_ASSETS'] && join(env['KUBEBUILDER_ASSETS'], name)
  return path && await isThere(path, mode) ? path : undefined
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
