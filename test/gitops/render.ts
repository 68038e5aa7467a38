// What our function makes of a ServiceTwo by `crossplane composition render`: core and the function, and no cluster.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { parseAllDocuments, stringify } from 'yaml'
import { findBinary } from '../../local/binaries.ts'
import { runCommand } from '../../local/command.ts'
import { findFunction, functionName } from '../../local/crossplane/function.ts'
import { accepts, freePorts } from '../../local/ports.ts'

const definition = join(import.meta.dirname, '../../deploy/services/service2/definition')
const arns: Record<string, [kind: string, arn: string]> = {
  bucket: ['Bucket', 'arn:aws:s3:::two'],
  key: ['Key', 'arn:aws:kms:eu-west-3:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'],
  'log-group': ['Group', 'arn:aws:logs:eu-west-3:111122223333:log-group:/topicten/app2/two']
}
const services: Record<string, string> = { bucket: 's3', key: 'kms', 'log-group': 'cloudwatchlogs' }

interface Rendered {
  kind: string
  metadata: { name?: string, annotations?: Record<string, string> }
  status?: { conditions: Array<{ type: string, status: string, message?: string }>, targetarn?: string }
}

await t.test('rendered', async t => {
  const { env } = process
  const [core, cli, sources] = [await findBinary('crossplane', { env }), await findBinary('crossplane-cli', { env }), await findFunction(env)]
  const [port = 0] = await freePorts(1)
  const child = spawn(process.execPath, [join(sources, 'main.ts'), '--insecure', '--address', `127.0.0.1:${port}`], { stdio: 'ignore' })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  while (!await accepts(port)) await delay(50)
  const dir = t.testdir()
  const write = async (name: string, ...objects: object[]) => {
    await writeFile(join(dir, name), objects.map(object => stringify(object)).join('---\n'))
    return join(dir, name)
  }
  const functions = await write('functions.yaml', {
    apiVersion: 'pkg.crossplane.io/v1',
    kind: 'Function',
    metadata: {
      name: functionName,
      annotations: {
        'render.crossplane.io/runtime': 'Development', 'render.crossplane.io/runtime-development-target': `127.0.0.1:${port}`
      }
    },
    spec: { package: 'registry.example.com/none/function:v0' }
  })

  async function render (spec: object, observed: object[] = []): Promise<Rendered[]> {
    const composite = await write('xr.yaml', {
      apiVersion: 'service.lyc-handson-aws.com/v1alpha1',
      kind: 'ServiceTwo',
      metadata: { name: 'two', namespace: 'app2' },
      spec: { image: 'example.com/app:1', replicas: 4, location: 'Paris', ...spec }
    })
    const args = [
      'composition', 'render', composite, join(definition, 'composition-function.yaml'), functions, `--crossplane-binary=${core}`,
      `--xrd=${join(definition, 'definition.yaml')}`, ...(observed.length === 0 ? [] : ['-o', await write('observed.yaml', ...observed)])
    ]
    return parseAllDocuments(await runCommand(cli, args, { env: { PATH: env['PATH'], HOME: dir } })).map(document => document.toJS() as Rendered)
  }

  const namesOf = (objects: Rendered[]) => objects.slice(1).map(({ metadata }) => metadata.annotations?.['crossplane.io/composition-resource-name']).sort()
  const first = ['bucket', 'bucket-access', 'bucket-encryption', 'bucket-website', 'key', 'log-group']
  const readyOf = ([composite]: Rendered[]) => composite?.status?.conditions.find(({ type }) => type === 'Ready')?.status

  await t.test('the first pass withholds the TopicTen, and the ServiceTwo is not ready', async t => {
    const objects = await render({})
    t.strictSame(namesOf(objects), first)
    t.equal(readyOf(objects), 'False')
  })

  await t.test('a pass that knows the ARNs composes the TopicTen and the ConfigMap at once', async t => {
    const observed = Object.entries(arns).map(([name, [kind, arn]]) => ({
      apiVersion: `${services[name]}.aws.m.upbound.io/v1beta1`,
      kind,
      metadata: { name: `two-${name}`, namespace: 'app2', annotations: { 'crossplane.io/composition-resource-name': name } },
      spec: { forProvider: { region: 'eu-west-3' } },
      status: { atProvider: { arn }, conditions: [{ type: 'Ready', status: 'True' }] }
    }))
    const objects = await render({}, observed)
    t.strictSame(namesOf(objects), [...first, 'arns', 'bucket-policy', 'topicten'].sort())
    t.equal(objects[0]?.status?.targetarn, arns['bucket']?.[1])
    t.match(objects.find(({ kind }) => kind === 'TopicTen'), { spec: { replicas: 4, targetarn: arns['bucket']?.[1], kmsarn: arns['key']?.[1] } })
  })

  await t.test('a location that there is none of is refused, and nothing is rendered', async t => {
    await t.rejects(render({ location: 'Atlantis' }), { message: /Atlantis/ })
  })
})
