// Makes the image of the first process of every pod's sandbox from our own program.
import { basename } from 'node:path'
import { inCache } from '../cache.ts'
import { withBuildah } from './buildah.ts'
import type { Image } from './image.ts'

/** The image with the static program at path `pause`, from the cache if it was made before. */
export async function makePauseImage (pause: string, env: NodeJS.ProcessEnv): Promise<Image> {
  const name = basename(pause)
  const reference = `localhost/topicten/pause:${name.replace(/^pause-/, '')}`
  const archive = await inCache(env, `image-${name}.tar`, path => withBuildah(`${path}-work`, env, async buildah => {
    const container = (await buildah(['from', 'scratch'])).trim()
    await buildah(['copy', container, pause, '/pause'])
    await buildah(['config', '--entrypoint', '["/pause"]', '--cmd', '', '--user', '65532:65532', container])
    await buildah(['commit', '--rm', container, reference])
    await buildah(['push', reference, `oci-archive:${path}:${reference}`])
  }))
  return { reference, archive }
}
