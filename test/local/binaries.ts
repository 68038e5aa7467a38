import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { MissingGoError, findBinaries, findBinary, findCrds, findStages } from '../../local/binaries.ts'

// A stand-in for Go: writes what it was asked for into the file after -o, after it has noted the call.
const fakeGo = `#!/bin/sh
echo "$GOFLAGS $GOWORK $CGO_ENABLED $*" >> "$NOTES"
while [ "$1" != -o ]; do shift; done
echo '#!/bin/sh' > "$2"; chmod +x "$2"
`

async function folderWith (dir: string, files: Record<string, string>): Promise<string> {
  await mkdir(dir, { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(dir, name), content)
    await chmod(join(dir, name), 0o755)
  }
  return dir
}

await t.test('without Go and with an empty cache the message names what to install', async t => {
  const dir = t.testdir({ empty: {} })
  await t.rejects(findBinary('kubectl', { env: { PATH: `${dir}/empty`, TOPICTEN_CACHE: `${dir}/cache` } }), {
    name: 'MissingGoError',
    message: 'kubectl has to be made and there is no go on the PATH. Install Go 1.26 or newer (https://go.dev/dl), ' +
      'or set KUBEBUILDER_ASSETS to a folder that holds kubectl.'
  })
  t.strictSame(await readdir(`${dir}/cache`), [], 'and nothing half-made stays')
})

await t.test('a Go that is too old is named with its version', async t => {
  const dir = t.testdir()
  const PATH = await folderWith(`${dir}/bin`, {
    go: '#!/bin/sh\necho "go: go.mod requires go >= 1.26.0 (running go 1.24.4; GOTOOLCHAIN=local)" >&2; exit 1\n'
  })
  await t.rejects(findBinary('etcd', { env: { PATH, TOPICTEN_CACHE: dir } }), new MissingGoError('etcd',
    'Go is too old: its module requires go >= 1.26.0 (running go 1.24.4)'))
})

await t.test('a build that fails says so with the words of Go', async t => {
  const dir = t.testdir()
  const PATH = await folderWith(`${dir}/bin`, { go: '#!/bin/sh\necho "no space left on device" >&2; exit 1\n' })
  await t.rejects(findBinary('etcd', { env: { PATH, TOPICTEN_CACHE: dir } }), {
    message: 'etcd could not be built', cause: { message: /no space left on device$/ }
  })
})

await t.test('KUBEBUILDER_ASSETS wins for the programs that are in it', async t => {
  const dir = t.testdir()
  const assets = await folderWith(`${dir}/assets`, { etcd: '', kubectl: '', 'kwok-stages.yaml': '' })
  const env = { PATH: dir, TOPICTEN_CACHE: `${dir}/cache`, KUBEBUILDER_ASSETS: assets }
  t.strictSame(await findBinaries(['etcd', 'kubectl'], { env }), { etcd: `${assets}/etcd`, kubectl: `${assets}/kubectl` })
  t.equal(await findStages('kubectl', { env }), `${assets}/kwok-stages.yaml`)
  await t.rejects(findBinary('kwok', { env }), { name: 'MissingGoError' }, 'one that is not there is looked for elsewhere')
  await t.rejects(findStages('kubectl', { env: { ...env, KUBEBUILDER_ASSETS: '' } }), { message: /^kwok-stages\.yaml has to be made/ })
})

await t.test('a program is built once, whoever asks at the same time, whatever GOFLAGS the person has', async t => {
  const dir = t.testdir()
  const PATH = `${await folderWith(`${dir}/bin`, { go: fakeGo })}:/usr/bin:/bin`
  const env = { PATH, TOPICTEN_CACHE: `${dir}/cache`, NOTES: `${dir}/notes`, GOFLAGS: '-mod=vendor -race', GOWORK: '/elsewhere/go.work' }
  const progress: string[] = []
  const options = { env, onProgress: (line: string) => progress.push(line) }
  const [one, two] = await Promise.all([findBinary('kubectl', options), findBinary('kubectl', options)])
  t.equal(one, two)
  t.equal(await findBinary('kubectl', options), one, 'and later it comes from the cache')
  t.strictSame(progress, ['building kubectl (about 1 minute, once)'])
  t.match(await readFile(`${dir}/notes`, 'utf8'),
    /^-mod=readonly off 0 build -o \S+ .*-X k8s\.io\/component-base\/version\.gitVersion=v1\.\d+\.\d+ k8s\.io\/kubernetes\/cmd\/kubectl\n$/)
  t.strictSame(await readdir(`${dir}/cache`), [one.split('/').at(-1)])
  t.ok((await stat(one)).mode & 0o100, 'it can be run')
})

await t.test('the cache is where TOPICTEN_CACHE, XDG_CACHE_HOME or HOME say, in this order', async t => {
  const dir = t.testdir()
  const PATH = `${await folderWith(`${dir}/bin`, { go: fakeGo })}:/usr/bin:/bin`
  const NOTES = `${dir}/notes`
  const HOME = `${dir}/home`
  const table: [NodeJS.ProcessEnv, string][] = [
    [{ HOME, XDG_CACHE_HOME: `${dir}/xdg`, TOPICTEN_CACHE: `${dir}/own` }, `${dir}/own`],
    [{ HOME, XDG_CACHE_HOME: `${dir}/xdg` }, `${dir}/xdg/topicten`],
    [{ HOME }, `${HOME}/.cache/topicten`]
  ]
  for (const [env, folder] of table) {
    t.equal(join(await findBinary('etcd', { env: { PATH, NOTES, ...env } }), '..'), folder)
  }
})

await t.test('the CRDs of a program come from its module, in one file, or from KUBEBUILDER_ASSETS', async t => {
  const dir = t.testdir({ module: { config: { crd: { bases: { 'b.yaml': 'kind: B', 'a.yaml': 'kind: A', 'c.md': '' } } } } })
  const PATH = `${await folderWith(`${dir}/bin`, { go: `#!/bin/sh\necho "$*" >&2; echo '{"Dir":"${dir}/module"}'` })}:/usr/bin:/bin`
  const env = { PATH, TOPICTEN_CACHE: `${dir}/cache` }
  const path = await findCrds('helm-controller', { env })
  t.equal(await readFile(path, 'utf8'), 'kind: A\n---\nkind: B')
  t.equal(await findCrds('helm-controller', { env: { ...env, PATH: dir } }), path, 'and later from the cache')
  const assets = await folderWith(`${dir}/assets`, { 'helm-controller-crds.yaml': '' })
  t.equal(await findCrds('helm-controller', { env: { ...env, KUBEBUILDER_ASSETS: assets } }), `${assets}/helm-controller-crds.yaml`)
  await t.rejects(findCrds('etcd', { env }), { message: 'etcd brings no CRDs' })
})
