// The Composition that stock functions carry out, rendered by them. Their binaries cannot be had as pinned modules:
// FUNCTION_PATCH_AND_TRANSFORM and FUNCTION_AUTO_READY are their paths, and without them this is skipped. The rest is in services.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { parseAllDocuments, stringify } from 'yaml'
import { findBinary } from '../../local/binaries.ts'
import { runCommand } from '../../local/command.ts'
import { accepts, freePorts } from '../../local/ports.ts'

interface Rendered {
  apiVersion: string
  kind: string
  metadata: { name: string, namespace?: string }
  spec?: Record<string, unknown>
  data?: Record<string, string>
  status?: { conditions: Array<{ type: string, status: string, reason: string }>, [field: string]: unknown }
}

const definition = join(import.meta.dirname, '../../deploy/services/service2/definition')
const { env } = process
const { FUNCTION_PATCH_AND_TRANSFORM: patchAndTransform = '', FUNCTION_AUTO_READY: autoReady = '' } = env
const skip = patchAndTransform !== '' && autoReady !== ''
  ? false
  : 'FUNCTION_PATCH_AND_TRANSFORM and FUNCTION_AUTO_READY do not name the functions\' binaries'

await t.test('the stock functions render it, pass by pass, until it is ready', { skip }, async t => {
  const [core, cli] = [await findBinary('crossplane', { env }), await findBinary('crossplane-cli', { env })]
  const dir = t.testdir()
  const write = async (name: string, objects: object[]) => {
    await writeFile(join(dir, name), objects.map(object => stringify(object)).join('---\n'))
    return join(dir, name)
  }

  /** Runs a function until teardown, and gives the object by which a renderer finds it. */
  async function startFunction (name: string, file: string): Promise<object> {
    const [port = 0] = await freePorts(1)
    const address = `127.0.0.1:${port}`
    const child = spawn(file, ['--insecure', '--address', address], { stdio: 'ignore' })
    t.teardown(async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    })
    while (!await accepts(port)) await delay(50)
    const annotations = { 'render.crossplane.io/runtime': 'Development', 'render.crossplane.io/runtime-development-target': address }
    return { apiVersion: 'pkg.crossplane.io/v1', kind: 'Function', metadata: { name, annotations }, spec: { package: 'registry.example.com/none/x:v0' } }
  }

  const functions = await write('functions.yaml', [
    await startFunction('function-patch-and-transform', patchAndTransform), await startFunction('function-auto-ready', autoReady)
  ])
  const options = ['--include-full-xr', `--crossplane-binary=${core}`, `--xrd=${join(definition, 'definition.yaml')}`]

  /** The ServiceTwo and what is composed of it, when this is there of what was composed before. */
  async function render (xr: Rendered, observed: Rendered[]): Promise<[Rendered, ...Rendered[]]> {
    const before = observed.length > 0 ? [`--observed-resources=${await write('observed.yaml', observed)}`] : []
    const output = await runCommand(cli, [
      'composition', 'render', await write('xr.yaml', [xr]), join(definition, 'composition.yaml'), functions, ...options, ...before
    ], { env: { PATH: env['PATH'], HOME: dir } })
    return parseAllDocuments(output).map(document => document.toJS() as Rendered) as [Rendered, ...Rendered[]]
  }

  for (const [open, effect] of [[false, 'Deny'], [true, 'Allow']] as const) {
    let xr = serviceTwo(open)
    let composed: Rendered[] = []
    const seen: string[] = []
    for (let pass = 0; pass < 4; pass++) {
      [xr, ...composed] = await render(xr, composed.map(answered))
      seen.push(`${composed.length} composed${isReady(xr) ? ', ready' : ''}`)
    }
    // The second pass knows the ARNs, the third makes what needs them, the fourth has seen it.
    t.strictSame(seen, ['6 composed', '6 composed', '8 composed', '8 composed, ready'])
    const arns = { targetarn: 'arn:of:Bucket', kmsarn: 'arn:of:Key', cloudwatcharn: 'arn:of:Group' }
    t.match(xr.status, arns)
    t.strictSame(composed.find(({ kind }) => kind === 'ConfigMap')?.data, arns)
    const { policy } = composed.find(({ kind }) => kind === 'BucketPolicy')?.spec?.['forProvider'] as { policy: string }
    const objects = { Resource: 'arn:of:Bucket/*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }
    const statements = [{ Effect: 'Deny', Action: 's3:PutObject', ...objects }, { Effect: effect, Action: 's3:GetObject', ...objects }]
    t.match(JSON.parse(policy), { Statement: statements }, `read without TLS: ${effect}`)
  }
})

function serviceTwo (open: boolean): Rendered {
  return {
    apiVersion: 'service.lyc-handson-aws.com/v1alpha1',
    kind: 'ServiceTwo',
    metadata: { name: 'two', namespace: 'app2' },
    spec: { image: 'c', replicas: 2, location: 'Paris', public: open }
  }
}

/** As a provider answers. */
function answered (object: Rendered): Rendered {
  if (object.kind === 'ConfigMap') return object
  const conditions = [{ type: 'Ready', status: 'True', reason: 'Available' }]
  return { ...object, status: { atProvider: { arn: `arn:of:${object.kind}` }, conditions } }
}

function isReady ({ status }: Rendered): boolean {
  return status?.conditions.some(({ type, status }) => type === 'Ready' && status === 'True') === true
}
