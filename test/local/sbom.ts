// The SBOM names what is in the bundles and nothing else.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type Bom, bundledBom, bundlesOf, packagePath, writeSbom } from '../../local/sbom.ts'

const root = join(import.meta.dirname, '../..')
const inputs = (...paths: string[]) => Object.fromEntries(paths.map(path => [path, { bytesInOutput: 100 }]))
const output = (taken: Record<string, { bytesInOutput: number }>) => ({ bytes: 0, inputs: taken, imports: [], exports: [] })
const metafile = {
  outputs: {
    'dist/operator.js': output({
      ...inputs('server/main.ts', 'node_modules/ajv/dist/ajv.js', 'node_modules/ajv/dist/core.js', 'node_modules/@peculiar/x509/build/x509.es.js'),
      'node_modules/semver/index.js': { bytesInOutput: 0 }
    }),
    'dist/operator.js.map': output({}),
    'dist/workload.js': output(inputs('../node_modules/ajv/dist/ajv.js'))
  }
}

t.test('a file belongs to the innermost package it is in', async t => {
  const table: Record<string, string | undefined> = {
    'server/main.ts': undefined,
    'node_modules/ajv/dist/ajv.js': 'node_modules/ajv',
    'node_modules/@aws-sdk/core/dist/a.js': 'node_modules/@aws-sdk/core',
    'node_modules/a/node_modules/@b/c/node_modules/d/x.js': 'node_modules/a/node_modules/@b/c/node_modules/d',
    '../node_modules/ajv/dist/ajv.js': 'node_modules/ajv'
  }
  for (const [input, path] of Object.entries(table)) t.equal(packagePath(input), path, input)
})

t.test('a package is in the bundles that took something of it', async t => {
  t.strictSame(Object.fromEntries(bundlesOf(metafile)), { 'node_modules/ajv': ['operator', 'workload'], 'node_modules/@peculiar/x509': ['operator'] })
})

const component = (name: string) => ({ 'bom-ref': name, properties: [{ name: 'cdx:npm:package:path', value: `node_modules/${name}` }] })
const bom: Bom = {
  components: [component('a'), component('b')],
  dependencies: [{ ref: 'topicten', dependsOn: ['a', 'b'] }, { ref: 'a', dependsOn: ['b'] }, { ref: 'b' }]
}

t.test('what is in no bundle is left out, with the edges to it', async t => {
  t.strictSame(bundledBom(bom, new Map([['node_modules/a', ['operator']]]), { 'node_modules/a': { integrity: 'sha512-AAEC' } }), {
    components: [{
      'bom-ref': 'a',
      properties: [{ name: 'cdx:npm:package:path', value: 'node_modules/a' }, { name: 'topicten:bundle', value: 'operator' }],
      hashes: [{ alg: 'SHA-512', content: '000102' }]
    }],
    dependencies: [{ ref: 'topicten', dependsOn: ['a'] }, { ref: 'a', dependsOn: [] }]
  })
})

t.test('a bundled package that is not in the lock file is an error', async t => {
  t.throws(() => bundledBom(bom, new Map([['node_modules/tap', ['operator']]]), {}),
    { message: 'node_modules/tap is in the bundles of operator, but not in package-lock.json' })
})

t.test('the SBOM of this project is CycloneDX with name, version, licence and purl of each package', async t => {
  const file = join(t.testdir({}), 'sbom.cdx.json')
  await writeSbom({ root, metafile, file, execPath: process.execPath, env: process.env })
  const { bomFormat, components } = JSON.parse(await readFile(file, 'utf8')) as { bomFormat: string, components: Array<Record<string, unknown>> }
  t.equal(bomFormat, 'CycloneDX')
  t.strictSame(components.map(({ group, name }) => [group, name].filter(Boolean).join('/')), ['@peculiar/x509', 'ajv'])
  t.ok(components.every(({ version, licenses, purl }) => version && licenses && String(purl).startsWith('pkg:npm/')))
})
