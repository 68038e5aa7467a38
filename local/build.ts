// Makes one file of each program (`npm run build`), which starts faster and takes less memory than the sources with their packages.
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'

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

const { metafile } = await build({
  entryPoints: { operator: join(root, 'server/main.ts'), workload: join(root, 'workload/main.ts') },
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
  logLevel: 'warning'
})
for (const [file, { bytes }] of Object.entries(metafile.outputs)) {
  if (file.endsWith('.js')) console.log(`${file} ${(bytes / 1024).toFixed(0)} KiB`)
}
