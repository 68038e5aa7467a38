// The platform's trees without their controllers: all renders, is accepted by the API server with everybody's CRDs, and refers to what is
// there.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { crd } from '../../api/crd.ts'
import { findCrds } from '../../local/binaries.ts'
import { applyCrds } from '../../local/crds.ts'
import { providerCrds } from '../../local/crossplane/managed-kinds.ts'
import { controllers } from '../../local/flux/controllers.ts'
import type { Rendered } from '../fixtures/chart.ts'
import { privateControlPlane } from '../fixtures/control-plane.ts'
import { copyTree, type Kustomization, kustomizations, readKustomization, renderChart, renderFolder, root } from '../fixtures/tree.ts'

type Patches = NonNullable<Kustomization['patches']>
interface FluxStep extends Rendered {
  spec: { path: string, sourceRef: { kind: string, name: string }, dependsOn?: Array<{ name: string }>, patches?: Patches }
}
interface Application extends Rendered {
  spec: {
    project: string
    source: { path: string, kustomize?: { namePrefix?: string, patches?: Patches } }
    destination: { namespace: string }
  }
}
interface Project extends Rendered {
  spec: {
    sourceRepos: string[]
    destinations: Array<{ namespace: string }>
    namespaceResourceWhitelist?: Array<{ group: string, kind: string }>
  }
}

const parents = ['deploy/argocd/app1', 'deploy/argocd/app2']
const groupOf = ({ apiVersion = '' }: Rendered) => apiVersion.includes('/') ? apiVersion.split('/')[0] : ''
const nameOf = ({ kind, metadata }: Rendered) => `${kind} ${metadata.name}`

const rendered = new Map<string, Rendered[]>()
for (const folder of kustomizations) rendered.set(folder, await renderFolder(folder))
for (const chart of parents) rendered.set(chart, await renderChart(chart))
const objectsIn = <T extends Rendered>(folder: string, kind: string) =>
  (rendered.get(folder) ?? []).filter(object => object.kind === kind) as T[]
const steps = objectsIn<FluxStep>('deploy/clusters/staging', 'Kustomization')
const children = parents.flatMap(chart => objectsIn<Application>(chart, 'Application'))
const projects = objectsIn<Project>('deploy/argocd/projects', 'AppProject')

/** What an Application's source comes to: rendered here as its repository server does. */
async function sourceOf (t: Parameters<typeof copyTree>[0], { spec: { source: { path, kustomize } } }: Application): Promise<Rendered[]> {
  if (!existsSync(join(root, path, 'kustomization.yaml'))) return []
  const { dir, change } = await copyTree(t)
  await change('deploy', { resources: [path.replace('deploy/', './')], ...kustomize })
  return renderFolder('deploy', dir)
}

await t.test('every folder renders without a warning, and none is empty', async t => {
  for (const [folder, objects] of rendered) t.ok(objects.length > 0, folder)
})

await t.test('every step of Flux has its folder, its source and the steps it depends on', async t => {
  const names = steps.map(({ metadata }) => metadata.name)
  const sources = objectsIn('deploy/clusters/staging', 'GitRepository').map(({ metadata }) => metadata.name)
  for (const { metadata: { name }, spec } of steps) {
    t.ok(existsSync(join(root, spec.path, 'kustomization.yaml')), `${name}: ${spec.path}`)
    t.ok(spec.sourceRef.kind === 'GitRepository' && sources.includes(spec.sourceRef.name), `${name}: its source`)
    for (const dependency of spec.dependsOn ?? []) t.ok(names.includes(dependency.name), `${name}: ${dependency.name}`)
  }
})

await t.test('every Application has its project, its path, and nothing that the project does not allow', async t => {
  for (const child of children) {
    const { metadata: { name }, spec } = child
    const project = projects.find(({ metadata }) => metadata.name === spec.project)
    t.ok(existsSync(join(root, spec.source.path)), `${name}: ${spec.source.path}`)
    t.ok(project?.spec.destinations.some(({ namespace }) => namespace === spec.destination.namespace), `${name}: ${spec.destination.namespace}`)
    const allowed = project?.spec.namespaceResourceWhitelist ?? []
    for (const object of await sourceOf(t, child)) {
      t.ok(allowed.some(({ group, kind }) => group === groupOf(object) && kind === object.kind), `${name}: ${nameOf(object)}`)
    }
  }
  for (const parent of objectsIn<Application>('deploy/argocd/apps', 'Application')) {
    t.ok(parents.includes(parent.spec.source.path), parent.spec.source.path)
    t.equal(parent.spec.project, 'apps-root')
  }
})

await t.test('every patch and every replacement hits something', async t => {
  const { dir, change } = await copyTree(t)
  /** Renders `kustomization` in a folder whole, and without each item of a list. */
  async function without (folder: string, kustomization: Kustomization, list: 'patches' | 'replacements', what: string) {
    const all = kustomization[list] ?? []
    await change(folder, kustomization)
    const whole = JSON.stringify(await renderFolder(folder, dir))
    for (const [index] of all.entries()) {
      await change(folder, { ...kustomization, [list]: all.toSpliced(index, 1) })
      // A patch may need another before it: then it hits.
      const less = await renderFolder(folder, dir).then(objects => JSON.stringify(objects), () => 'not rendered')
      t.not(less, whole, `${what}: ${list} ${index}`)
    }
    await change(folder, kustomization)
  }
  for (const folder of kustomizations) {
    const kustomization = await readKustomization(folder)
    for (const list of ['patches', 'replacements'] as const) await without(folder, kustomization, list, folder)
  }
  for (const { metadata: { name }, spec: { path, patches } } of steps) {
    if (patches !== undefined) await without('deploy', { resources: [path.replace('./deploy/', './')], patches }, 'patches', name)
  }
  for (const { metadata: { name }, spec: { source: { path, kustomize } } } of children) {
    if (kustomize?.patches) await without('deploy', { resources: [path.replace('deploy/', './')], ...kustomize }, 'patches', name)
  }
})

await t.test('no placeholder is left where something is applied', async t => {
  for (const child of children) t.notMatch(JSON.stringify(await sourceOf(t, child)), /"xx"|of-settings/, child.metadata.name)
  for (const { spec } of steps) t.notMatch(JSON.stringify(rendered.get(spec.path.replace('./', ''))), /"xx"|of-settings/, spec.path)
})

await t.test('staging and production differ in a few lines', async t => {
  const linesOf = async (cluster: string) => Promise.all(['bootstrap.yaml', 'kustomization.yaml'].map(file =>
    readFile(join(root, 'deploy/clusters', cluster, file), 'utf8'))).then(texts => texts.join('').split('\n').filter(line => !line.startsWith('#')))
  const [staging, production] = [await linesOf('staging'), await linesOf('production')]
  t.ok(staging.filter(line => !production.includes(line)).length <= 15)
  t.ok(production.filter(line => !staging.includes(line)).length <= 5)
})

await t.test('the API server accepts all of it, with everybody\'s CRDs; what has placeholders it refuses', async t => {
  const plane = await privateControlPlane(t, { controllerManager: false, scheduler: false, nodes: 'none' })
  const { env } = process
  const programs = [...controllers, 'argocd', 'sealed-secrets-controller', 'crossplane'] as const
  const files = await Promise.all(programs.map(name => findCrds(name, { env })))
  await applyCrds(plane, files)
  await applyCrds(plane, [crd, ...providerCrds(), await serviceTwoCrd()])
  const apply = (objects: Rendered[]) => plane.kubectl(['apply', '--server-side', '--dry-run=server', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  const namespaces = new Set([...rendered.values()].flat().map(({ metadata }) => metadata.namespace).filter(name => name !== undefined))
  for (const name of namespaces) if (name !== 'kube-system') await plane.kubectl(['create', 'namespace', name])
  for (const [folder, objects] of rendered) {
    // Their variables are filled in by Flux.
    if (folder.startsWith('local/')) continue
    if (folder.endsWith('/base') && folder.includes('product')) await t.rejects(apply(objects), { message: /is no ARN of an S3 bucket/ }, folder)
    else await t.resolves(apply(objects), folder)
  }
  const examples = ['topicten.yaml', 'references.yaml'].map(file => join(root, 'deploy/examples', file))
  for (const file of examples) await t.resolves(readFile(file, 'utf8').then(text => apply([parse(text)])), file)
  for (const child of children) await t.resolves(sourceOf(t, child).then(objects => objects.length === 0 ? '' : apply(objects)), child.metadata.name)
})

/** As Crossplane makes it of the definition, but for its own fields. */
async function serviceTwoCrd (): Promise<object> {
  const { metadata, spec } = parse(await readFile(join(root, 'deploy/services/service2/definition/definition.yaml'), 'utf8'))
  const versions = spec.versions.map(({ name, served, schema }: { name: string, served: boolean, schema: object }) =>
    ({ name, served, storage: true, schema }))
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: metadata.name },
    spec: { group: spec.group, scope: spec.scope, names: spec.names, versions }
  }
}
