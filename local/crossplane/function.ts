// Our composition function with its packages, in the cache: made once for each state of its sources.
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { cp, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inCache } from '../cache.ts'
import { runCommand } from '../command.ts'

const folder = join(import.meta.dirname, '../../deploy/services/service2/function')

/** The name under which compositions know it. */
export const functionName = 'function-servicetwo'

/** The path of a folder with the function's sources and its packages. Rejects with npm's own words. */
export async function findFunction (env: NodeJS.ProcessEnv, onProgress?: (line: string) => void): Promise<string> {
  const files = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isFile()).map(({ name }) => name).sort()
  const hash = createHash('sha256')
  for (const file of files) hash.update(file).update(await readFile(join(folder, file)))
  return inCache(env, `function-${hash.digest('hex').slice(0, 16)}`, async path => {
    onProgress?.('fetching the packages of the composition function')
    await mkdir(path)
    for (const file of files) await cp(join(folder, file), join(path, file))
    await runCommand('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit'], { cwd: path, env })
  })
}
