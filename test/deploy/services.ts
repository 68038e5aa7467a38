// The Composition that stock functions carry out, without them: every path of every patch exists where it is read and where it is written.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse, parseAllDocuments, stringify } from 'yaml'
import type { Schema } from '../../api/schema.ts'
import { compose } from '../../deploy/services/service2/function/compose.ts'
import { findBinary } from '../../local/binaries.ts'
import { runCommand } from '../../local/command.ts'
import { managedCrd, managedKinds, groupOf } from '../../local/crossplane/managed-kinds.ts'

const services = join(import.meta.dirname, '../../deploy/services')
const definition = join(services, 'service2/definition')

interface Patch {
  type: string
  fromFieldPath?: string
  toFieldPath?: string
  patchSetName?: string
  combine?: { variables: Array<{ fromFieldPath: string }> }
  transforms?: Array<{ type: string, map?: Record<string, string> }>
}
interface Composed { name: string, base: { apiVersion: string, kind: string }, patches: Patch[] }
interface Input { patchSets: Array<{ name: string, patches: Patch[] }>, resources: Composed[] }
interface Managed { apiVersion: string, kind: string, metadata: { name: string }, spec: { forProvider: Record<string, unknown> } }
interface Crd { spec: { versions: Array<{ schema: { openAPIV3Schema: Schema } }> } }

const read = async <T>(path: string) => parse(await readFile(path, 'utf8')) as T
const schemaOf = (crd: unknown): Schema => (crd as Crd).spec.versions[0]!.schema.openAPIV3Schema

const metadata: Schema = {
  type: 'object',
  properties: { name: { type: 'string' }, namespace: { type: 'string' }, annotations: { type: 'object', additionalProperties: { type: 'string' } } }
}
const text: Schema = { type: 'string' }
const root = (schema: Schema): Schema => ({ ...schema, properties: { apiVersion: text, kind: text, ...schema.properties, metadata } })
const configMap = root({ type: 'object', properties: { data: { type: 'object', additionalProperties: { type: 'string' } } } })

/** What a composed resource may have, by its API version and kind. */
const kinds = new Map<string, Schema>([
  ['v1 ConfigMap', configMap], ...managedKinds.map(kind => [`${groupOf(kind)}/v1beta1 ${kind.kind}`, root(schemaOf(managedCrd(kind)))] as const)
])

/** The schema at `a.b[c].d`; undefined where there is none. */
function schemaAt (schema: Schema, path: string): Schema | undefined {
  return path.split(/[.[](?![^[]*\])|\[|\]/).filter(Boolean).reduce<Schema | undefined>((found, name) => found?.properties?.[name] ?? found?.additionalProperties, schema)
}

/** The paths of a value that its schema does not have. */
function strays (value: unknown, schema: Schema | undefined, path: string): string[] {
  if (schema === undefined) return [path]
  if (Array.isArray(value)) return value.flatMap((item, index) => strays(item, schema.items, `${path}[${index}]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, field]) => strays(field, schema.properties?.[name] ?? schema.additionalProperties, `${path}.${name}`))
}

const composition = await read<{ spec: { pipeline: Array<{ input: Input }> } }>(join(definition, 'composition.yaml'))
const { patchSets, resources } = composition.spec.pipeline[0]!.input
const xrd = await read<Crd>(join(definition, 'definition.yaml'))
const composite = root(schemaOf(xrd))

await t.test('every path of a patch exists in the ServiceTwo and in the resource', async t => {
  for (const { name, base, patches } of resources) {
    const schema = kinds.get(`${base.apiVersion} ${base.kind}`)
    t.ok(schema, `${name} is of a kind that is there`)
    t.strictSame(strays(base, schema, name), [], `${name} has no field that its kind has not`)
    const all = patches.flatMap(patch => patch.type === 'PatchSet' ? patchSets.find(set => set.name === patch.patchSetName)?.patches ?? [] : [patch])
    t.ok(all.length >= patches.length, `${name} uses patch sets that are there`)
    for (const { type, fromFieldPath, toFieldPath = '', combine } of all) {
      const [from, to] = type === 'ToCompositeFieldPath' ? [schema, composite] : [composite, schema]
      const sources = combine === undefined ? [fromFieldPath ?? ''] : combine.variables.map(variable => variable.fromFieldPath)
      for (const source of sources) t.ok(schemaAt(from!, source), `${name} reads ${source}`)
      t.ok(schemaAt(to!, toFieldPath), `${name} writes ${toFieldPath}`)
    }
  }
})

await t.test('a path that is nowhere would be found', async t => {
  t.equal(schemaAt(composite, 'spec.nowhere'), undefined)
  t.strictSame(strays({ spec: { forProvider: { regoin: 'x' } } }, kinds.get('s3.aws.m.upbound.io/v1beta1 Bucket'), ''), ['.spec.forProvider.regoin'])
})

await t.test('the locations are those of the definition and of the function, with the same regions', async t => {
  const map = patchSets[0]?.patches[0]?.transforms?.[0]?.map ?? {}
  const locations = schemaAt(composite, 'spec.location')?.['enum'] as string[]
  t.strictSame(Object.keys(map).sort(), [...locations].sort())
  for (const location of locations) {
    const made = compose({ composite: { metadata: { name: 'a', namespace: 'b' }, spec: { image: 'c', replicas: 2, location } }, composed: {} })
    t.match(made.resources['key']?.resource, { spec: { forProvider: { region: map[location] } } }, location)
  }
})

await t.test('both Compositions make the same resources, but for the TopicTen', async t => {
  const arns = { targetarn: 'a', kmsarn: 'b', cloudwatcharn: 'c' }
  const spec = { image: 'c', replicas: 2, location: 'Paris' }
  const made = compose({ composite: { metadata: { name: 'a', namespace: 'b' }, spec, status: arns }, composed: {} })
  t.strictSame(resources.map(({ name }) => name).sort(), Object.keys(made.resources).filter(name => name !== 'topicten').sort())
})

await t.test('service1 renders whole, and a prefix reaches the names by which its parts know each other', async t => {
  const kubectl = await findBinary('kubectl', { env: process.env })
  const dir = t.testdir({ 'kustomization.yaml': stringify({ namePrefix: 'app1-', resources: ['service1'] }) })
  await runCommand('cp', ['-r', join(services, 'service1'), dir], { env: process.env })
  const objects = parseAllDocuments(await runCommand(kubectl, ['kustomize', dir], { env: { PATH: process.env['PATH'], HOME: dir } }))
    .map(document => document.toJS() as Managed)
  const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()
  t.strictSame(names, ['Alias', 'Group', 'Key', 'Table'].map(kind => `${kind} app1-messages`))
  t.match(objects.find(({ kind }) => kind === 'Alias'), { spec: { forProvider: { targetKeyIdRef: { name: 'app1-messages' } } } })
  for (const object of objects) {
    t.strictSame(strays(object, kinds.get(`${object.apiVersion} ${object.kind}`), object.kind), [])
    t.notMatch(JSON.stringify(object), /of-settings/, 'nothing is left that settings.yaml should have filled in')
  }
  const policy = objects.find(({ kind }) => kind === 'Key')?.spec.forProvider['policy']
  t.match(JSON.parse(String(policy)), { Statement: [{ Action: 'kms:*' }] })
})
