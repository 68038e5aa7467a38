// Makes one file of each program, which starts faster and takes less memory than the sources with their packages; with --sbom
// (`npm run build`) also writes down what is in them.
import { join } from 'node:path'
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild'

const root = join(import.meta.dirname, '..')

/** Bundled packages that are CommonJS ask for these, which an ES module does not have. */
const banner = `import { createRequire as topictenRequire } from 'node:module'
const require = topictenRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname`

/** The Kubernetes client does not say that its modules only define things: without it, models of every kind there is stay in. */
const pureClient: Plugin = {
  name: 'pure-client',
  setup ({ onResolve, resolve }) {
    onResolve({ filter: /./ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      const ours = path.startsWith('@kubernetes/client-node') || importer.includes('/@kubernetes/client-node/')
      if (!ours || pluginData === 'resolved') return undefined
      return { ...await resolve(path, { importer, kind, resolveDir, pluginData: 'resolved' }), sideEffects: false }
    })
  }
}

const common = {
  outdir: join(root, 'dist'),
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minify: true,
  keepNames: true,
  sourcemap: true,
  legalComments: 'linked',
  banner: { js: banner },
  metafile: true,
  plugins: [pureClient],
  // Asked for if it is there; it never is.
  external: ['supports-color'],
  logLevel: 'warning'
} satisfies BuildOptions

const builds = [
  await build({ ...common, entryPoints: { operator: join(root, 'server/main.ts') } }),
  // Of the AWS clients' two forms the ES modules are those of which only what is used gets in: a tenth less memory.
  await build({ ...common, entryPoints: { workload: join(root, 'workload/main.ts') }, mainFields: ['module', 'main'] })
]
const outputs = Object.assign({}, ...builds.map(({ metafile }) => metafile.outputs)) as Metafile['outputs']
for (const [file, { bytes }] of Object.entries(outputs)) {
  if (file.endsWith('.js')) console.log(`${file} ${(bytes / 1024).toFixed(0)} KiB`)
}

if (process.argv.includes('--sbom')) {
  // An image is built without npm's list of packages.
  const { writeSbom } = await import('./sbom.ts')
  await writeSbom({ root, metafile: { outputs }, file: join(root, 'dist/sbom.cdx.json'), execPath: process.execPath, env: process.env })
}
