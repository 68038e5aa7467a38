// Makes one file of the function, for its image.
import { build } from 'esbuild'

// Bundled packages that are CommonJS ask for these, which an ES module does not have.
const banner = `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname`

await build({
  entryPoints: { function: `${import.meta.dirname}/main.ts` },
  outdir: `${import.meta.dirname}/dist`,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minify: true,
  keepNames: true,
  sourcemap: true,
  legalComments: 'linked',
  banner: { js: banner },
  logLevel: 'info'
})
