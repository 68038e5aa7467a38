// Writes down what third-party code is in the bundles, as a CycloneDX file (https://cyclonedx.org/docs/1.6/json/): the packages of
// the lock file, as cyclonedx-npm describes them, that esbuild took something from.
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Metafile } from 'esbuild'
import { runCommand } from './command.ts'

interface Property {
  name: string
  value: string
}
export interface Component {
  'bom-ref': string
  properties?: Property[]
  hashes?: Array<{ alg: string, content: string }>
}
export interface Bom {
  components: Component[]
  dependencies: Array<{ ref: string, dependsOn?: string[] }>
}
type Lock = Record<string, { integrity?: string }>

export interface SbomOptions {
  /** The project's folder, with its lock file. */
  root: string
  metafile: Pick<Metafile, 'outputs'>
  /** Where the SBOM goes. */
  file: string
  /** The Node that runs cyclonedx-npm, which finds npm by `env`. */
  execPath: string
  env: NodeJS.ProcessEnv
}

/** Rejects with what cyclonedx-npm says, and when a package in a bundle is not in the lock file. */
export async function writeSbom ({ root, metafile, file, execPath, env }: SbomOptions): Promise<void> {
  const program = join(dirname(fileURLToPath(import.meta.resolve('@cyclonedx/cyclonedx-npm'))), 'bin/cyclonedx-npm-cli.js')
  const [text, lock] = await Promise.all([
    runCommand(execPath, [program, '--package-lock-only', '--flatten-components', '--output-reproducible', '--output-file=-'], { cwd: root, env }),
    readFile(join(root, 'package-lock.json'), 'utf8')
  ])
  const bom = bundledBom(JSON.parse(text) as Bom, bundlesOf(metafile), (JSON.parse(lock) as { packages: Lock }).packages)
  await writeFile(file, `${JSON.stringify(bom, null, 2)}\n`)
}

/** The names of the bundles that have something of a package, by its path in the lock file. */
export function bundlesOf ({ outputs }: Pick<Metafile, 'outputs'>): Map<string, string[]> {
  const bundles = new Map<string, string[]>()
  for (const [path, { inputs }] of Object.entries(outputs)) {
    const bundle = /([^/]+)\.js$/.exec(path)?.[1]
    if (bundle === undefined) continue
    const used = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([input]) => packagePath(input))
    for (const path of new Set(used)) if (path !== undefined) bundles.set(path, [...bundles.get(path) ?? [], bundle])
  }
  return bundles
}

/** `node_modules/a/node_modules/@b/c` of a file somewhere below it; undefined for a file of ours. */
export function packagePath (input: string): string | undefined {
  return /(?<!\w)node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
}

/**
 * The components and dependencies of a BOM that are in a bundle, each with the property `topicten:bundle` and the hash of the lock file.
 * @throws when a bundled package is not in the BOM.
 */
export function bundledBom (bom: Bom, bundles: ReadonlyMap<string, string[]>, lock: Lock): Bom {
  const known = new Map(bom.components.map(component => [pathOf(component), component]))
  const components = [...bundles].map(([path, names]) => {
    const component = known.get(path)
    if (component === undefined) throw new Error(`${path} is in the bundles of ${names.join(' and ')}, but not in package-lock.json`)
    const marks = names.map(value => ({ name: 'topicten:bundle', value }))
    return { ...component, ...hashesOf(lock[path]?.integrity), properties: [...component.properties ?? [], ...marks] }
  }).sort((a, b) => a['bom-ref'] < b['bom-ref'] ? -1 : 1)
  const kept = new Set(components.map(component => component['bom-ref']))
  const dependencies = bom.dependencies
    .filter(({ ref }) => kept.has(ref) || !bom.components.some(component => component['bom-ref'] === ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter(each => kept.has(each)) }))
  return { ...bom, components, dependencies }
}

function pathOf ({ properties = [] }: Component): string {
  return properties.find(({ name }) => name === 'cdx:npm:package:path')?.value ?? ''
}

/** https://www.w3.org/TR/SRI/: the strongest is the one that npm writes. */
function hashesOf (integrity: string | undefined): Pick<Component, 'hashes'> {
  const base64 = /^sha512-(\S+)/.exec(integrity ?? '')?.[1]
  return base64 === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }] }
}
