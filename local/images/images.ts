// Builds our two images with buildah from the Dockerfile, and keeps their archives in the cache.
import { createHash } from 'node:crypto'
import { globSync } from 'node:fs'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { inCache } from '../cache.ts'
import { baseFiles, baseReference, makeBase } from './base.ts'
import { withBuildah } from './buildah.ts'
import type { Image } from './image.ts'

export type ImageName = 'operator' | 'workload'

const names: ImageName[] = ['operator', 'workload']
const root = join(import.meta.dirname, '../..')
const { version } = packageJson

/**
 * Our images, from the cache unless something they are made of changed. Rejects with a RequirementError where images cannot be
 * built, and with buildah's own words when the build fails.
 */
export async function makeImages (
  env: NodeJS.ProcessEnv, onProgress?: (line: string) => void
): Promise<Record<ImageName, Image>> {
  const base = await baseFiles(env)
  const key = await keyOf([...contextFiles().map(file => join(root, file)), ...base.values()])
  const tag = `${version}-${key}`
  const folder = await inCache(env, `images-${key}`, async path => {
    onProgress?.('building the images')
    await mkdir(path)
    await withBuildah(`${path}-work`, env, async buildah => {
      await makeBase(buildah, `${path}-work/base`, base)
      for (const name of names) {
        await buildah([
          // With layers, the second image finds the build stage done.
          'build', '--layers', '--pull-never', `--target=${name}`, `--tag=${referenceOf(name, tag)}`, '--timestamp=0',
          `--build-arg=BASE=${baseReference}`, `--build-arg=VERSION=${version}`, `--volume=${root}/node_modules:/node_modules:ro`, root
        ])
        await buildah(['push', referenceOf(name, tag), `oci-archive:${path}/${name}.tar:${referenceOf(name, tag)}`])
      }
    })
  })
  const imageOf = (name: ImageName): Image => ({ reference: referenceOf(name, tag), archive: join(folder, `${name}.tar`) })
  return { operator: imageOf('operator'), workload: imageOf('workload') }
}

function referenceOf (name: ImageName, tag: string): string {
  return `localhost/topicten/${name}:${tag}`
}

/** What the build sees (.dockerignore says so too), the recipe, and the lock file, which stands for the packages. */
function contextFiles (): string[] {
  const sources = ['api', 'cluster', 'webhooks', 'reconciler', 'server', 'workload'].flatMap(room => globSync(`${room}/**/*.ts`, { cwd: root }))
  return ['Dockerfile', '.dockerignore', 'LICENSE', 'local/build.ts', 'package.json', 'package-lock.json', ...sources.sort()]
}

/** A short hash of the files' names and contents; of large ones, which are others' programs, of their sizes and dates. */
async function keyOf (paths: string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths) {
    const { size, mtimeMs } = await stat(path)
    hash.update(path.startsWith(root) ? path.slice(root.length) : path)
    hash.update(size > 1_000_000 ? `${size} ${mtimeMs}` : await readFile(path))
  }
  return hash.digest('hex').slice(0, 16)
}
