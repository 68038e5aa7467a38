// The image of the composition function, from its own Dockerfile: a package of Crossplane is made of it.
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { runCommand } from '../../local/command.ts'
import { withBuildah } from '../../local/images/buildah.ts'
import { makeFunctionImage } from '../../local/images/function-image.ts'
import { findPython } from '../../local/python.ts'
import packageJson from '../../package.json' with { type: 'json' }

const folder = join(import.meta.dirname, '../../deploy/services/service2/function')

await t.test('its Dockerfile has no fault that hadolint knows, and the base of ours', async t => {
  const python = await findPython('hadolint', join(import.meta.dirname, 'hadolint.txt'), { env: process.env })
  await t.resolves(runCommand(join(dirname(python), 'hadolint'), [join(folder, 'Dockerfile')], { env: process.env }))
  t.match(await readFile(join(folder, 'Dockerfile'), 'utf8'), `ARG BASE=node:${packageJson.devDependencies.node}-bookworm-slim\n`)
})

await t.test('it runs as a numeric user and knows the flags that Crossplane gives it', async t => {
  const { archive } = await makeFunctionImage(process.env)
  await withBuildah(join(t.testdir(), 'work'), process.env, async buildah => {
    const container = (await buildah(['from', `oci-archive:${archive}`])).trim()
    const { OCIv1: { config } } = JSON.parse(await buildah(['inspect', container])) as { OCIv1: { config: { User: string, Entrypoint: string[] } } }
    t.strictSame([config.User, config.Entrypoint], ['65532:65532', ['node', '/app/function.js']])
    const usage = await buildah(['run', container, '--', 'node', '/app/function.js', '--help'])
    for (const flag of ['--insecure', '--address', '--tls-server-certs-dir']) t.match(usage, flag)
  })
})
