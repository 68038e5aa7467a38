// The stand-in for the public base image, which cannot be pulled everywhere: Node, the libraries it needs, a shell.
import { copyFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runCommand } from '../command.ts'
import type { Buildah } from './buildah.ts'

/** The Node that npm installed: the version that the Dockerfile's base has too. */
const node = join(import.meta.dirname, '../../node_modules/node/bin/node')
export const baseReference = 'localhost/topicten/base:24'

/** Where the files of the base come from and go to. Rejects when Node is not installed. */
export async function baseFiles (env: NodeJS.ProcessEnv): Promise<Map<string, string>> {
  const programs: [string, string][] = [[node, '/usr/local/bin/node'], ['/bin/sh', '/bin/sh']]
  const files = new Map(programs)
  for (const [from] of programs) {
    for (const library of librariesOf(await runCommand('ldd', [from], { env }))) files.set(library, library)
  }
  return new Map([...files].map(([from, to]) => [to, from]))
}

/** The paths in what ldd prints: `NAME => PATH (ADDRESS)`, and `PATH (ADDRESS)` for the loader. */
export function librariesOf (text: string): string[] {
  return [...text.matchAll(/^\t(?:\S+ => )?(\/\S+) \(/gm)].map(match => match[1] ?? '')
}

/** Makes the base in buildah's storage, of files as `baseFiles` gives them, by way of `folder`. */
export async function makeBase (buildah: Buildah, folder: string, files: Map<string, string>): Promise<void> {
  for (const [to, from] of files) {
    await mkdir(join(folder, dirname(to)), { recursive: true })
    await copyFile(from, join(folder, to))
  }
  const container = (await buildah(['from', 'scratch'])).trim()
  await buildah(['copy', container, folder, '/'])
  await buildah(['config', '--env', 'PATH=/usr/local/bin:/usr/bin:/bin', container])
  await buildah(['commit', '--rm', container, baseReference])
}
