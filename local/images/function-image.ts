// Builds the image of our composition function with buildah, from its own Dockerfile, and keeps the archive in the cache.
import { mkdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { inCache } from '../cache.ts'
import { findFunction } from '../crossplane/function.ts'
import { baseFiles, baseReference, makeBase } from './base.ts'
import { withBuildah } from './buildah.ts'
import type { Image } from './image.ts'

const reference = 'localhost/topicten/function:local'

/** From the cache unless the function changed. Errors are those of findFunction and of makeImages. */
export async function makeFunctionImage (env: NodeJS.ProcessEnv, onProgress?: (line: string) => void): Promise<Image> {
  const sources = await findFunction(env, onProgress)
  const archive = await inCache(env, `image-${basename(sources)}.tar`, async path => {
    onProgress?.('building the image of the composition function')
    const work = `${path}-work`
    await mkdir(work)
    await withBuildah(work, env, async buildah => {
      await makeBase(buildah, `${work}/base`, await baseFiles(env))
      await buildah([
        'build', '--pull-never', '--target=function', `--tag=${reference}`, '--timestamp=0', `--build-arg=BASE=${baseReference}`,
        `--volume=${sources}/node_modules:/node_modules:ro`, sources
      ])
      await buildah(['push', reference, `oci-archive:${path}:${reference}`])
    })
  })
  return { reference, archive }
}
