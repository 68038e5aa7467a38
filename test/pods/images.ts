import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { runCommand } from '../../local/command.ts'
import type { Image } from '../../local/images/image.ts'
import { findPython } from '../../local/python.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { namespace } from '../fixtures/control-plane.ts'
import { restrictedPod, sharedNodePlane } from '../fixtures/node.ts'

const plane = await sharedNodePlane(t)
const { operator, workload } = plane.images
const ns = await namespace(t, plane)
await plane.kubectl(['label', 'namespace', ns, 'pod-security.kubernetes.io/enforce=restricted'])

interface Descriptor { digest: string, size: number }
interface Config { config: { User: string, Entrypoint: string[], Cmd?: string[], Labels: Record<string, string>, Healthcheck?: object } }

/** What is in an archive: https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
async function inspect ({ archive }: Image): Promise<{ config: Config['config'], bytes: number }> {
  const read = async (path: string) => JSON.parse(await runCommand('tar', ['-xOf', archive, path], { env: process.env })) as unknown
  const blob = ({ digest }: Descriptor) => read(`blobs/${digest.replace(':', '/')}`)
  const { manifests } = await read('index.json') as { manifests: Descriptor[] }
  const manifest = await blob(manifests[0]!) as { config: Descriptor, layers: Descriptor[] }
  const { config } = await blob(manifest.config) as Config
  return { config, bytes: manifest.layers.reduce((sum, { size }) => sum + size, 0) }
}

await t.test('the Dockerfile has no fault that hadolint knows', async t => {
  const python = await findPython('hadolint', join(import.meta.dirname, 'hadolint.txt'), { env: process.env })
  await t.resolves(runCommand(join(dirname(python), 'hadolint'), ['Dockerfile'], { env: process.env }))
})

await t.test('the base is the public one, at the version of Node that we develop with', async t => {
  const dockerfile = await readFile('Dockerfile', 'utf8')
  t.match(dockerfile, `ARG BASE=node:${packageJson.devDependencies.node}-bookworm-slim\n`)
})

for (const [name, image] of Object.entries({ operator, workload })) {
  await t.test(`the ${name} runs as a numeric user, with Node as process 1, and says what it is`, async t => {
    const { config, bytes } = await inspect(image)
    t.match(config, {
      User: '65532:65532',
      Labels: {
        'org.opencontainers.image.title': `topicten ${name}`,
        'org.opencontainers.image.description': /\w/,
        'org.opencontainers.image.version': packageJson.version,
        'org.opencontainers.image.licenses': packageJson.license
      }
    })
    t.strictSame([config.Entrypoint[0], config.Entrypoint.at(-1)], ['node', `/app/${name}.js`])
    t.notOk(config.Healthcheck, 'its health is for Kubernetes to ask')
    t.comment(`${name}: ${(bytes / 2 ** 20).toFixed(1)} MiB, compressed`)
  })

  await t.test(`the ${name} with a wrong variable names it, on a read-only root, and exits with 78`, async t => {
    await plane.kubectl(['create', `--namespace=${ns}`, '--filename=-'], JSON.stringify(asItIs(name, image)))
    await plane.kubectl(['wait', `--namespace=${ns}`, '--for=jsonpath={.status.phase}=Failed', `pod/${name}`, '--timeout=60s'])
    t.equal(await plane.kubectl(['get', 'pod', name, `--namespace=${ns}`,
      '--output=jsonpath={.status.containerStatuses[0].state.terminated.exitCode}']), '78')
    t.match(await plane.kubectl(['logs', name, `--namespace=${ns}`]), /HTTP_PORT.*here/)
  })
}

/** A pod that runs what the image runs, with a port that is none. */
function asItIs (name: string, image: Image): object {
  const { spec, ...pod } = restrictedPod(name, image, '', { command: [], env: [{ name: 'HTTP_PORT', value: 'here' }] }) as { spec: object }
  return { ...pod, spec: { ...spec, restartPolicy: 'Never' } }
}
