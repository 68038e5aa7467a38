// Makes virtual environments of Python from pinned requirements, each once.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inCache } from './cache.ts'
import { runCommand } from './command.ts'

export interface PythonOptions {
  env: NodeJS.ProcessEnv
  onProgress?: ((line: string) => void) | undefined
}

/** This machine has no Python that could make a virtual environment. */
export class MissingPythonError extends Error {
  override readonly name = 'MissingPythonError'
}

// Debian has ensurepip, which venv cannot do without, in another package.
const question = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2], sys.version, sys.base_prefix)'
const oldest = 10

/**
 * The Python of an environment that has exactly the packages of a requirements file (all of them pinned, with hashes) and is made
 * when it is not there yet, in the cache (cache.ts). Run modules with it, `python -I -m NAME`: the environment's scripts name the
 * folder it was made in.
 *
 * Rejects with MissingPythonError when there is no python3 of 3.10 or newer with venv, and with pip's own words when that fails.
 */
export async function findPython (name: string, requirements: string, { env, onProgress }: PythonOptions): Promise<string> {
  const version = await versionOf(name, env)
  const pins = await readFile(requirements, 'utf8')
  const key = createHash('sha256').update(JSON.stringify([pins, version])).digest('hex').slice(0, 16)
  const folder = await inCache(env, `${name}-${key}`, async path => {
    onProgress?.(`installing ${name} (about a minute, once)`)
    await runCommand('python3', ['-I', '-m', 'venv', path], { env })
    const options = ['--require-hashes', '--only-binary=:all:', '--no-input', '--disable-pip-version-check', '--quiet']
    await runCommand(join(path, 'bin/python'), ['-I', '-m', 'pip', 'install', ...options, '-r', requirements], { env })
  }, constants.X_OK)
  return join(folder, 'bin/python')
}

/** What an environment depends on besides its packages: it is of no use to another Python. */
async function versionOf (name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const advice = `install Python 3.${oldest} or newer with its venv (python3 and python3-venv in Debian)`
  const version = await runCommand('python3', ['-I', '-c', question], { env }).catch((error: unknown) => {
    const found = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no python3 on the PATH' : missingModule(String(error))
    throw new MissingPythonError(`${name} needs Python and ${found}: ${advice}`, { cause: error })
  })
  const minor = /^3\.(\d+) /.exec(version)?.[1]
  if (Number(minor) >= oldest) return version
  throw new MissingPythonError(`${name} needs Python and python3 is ${version.split(' ', 1)[0]}: ${advice}`)
}

function missingModule (error: string): string {
  const module = /No module named '(\w+)'/.exec(error)?.[1]
  return module === undefined ? 'python3 does not run' : `python3 has no ${module}`
}
