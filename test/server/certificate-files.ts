import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { issueAuthority, issueLeaf, type Pair } from '../../server/authority.ts'
import { createCertificateFiles } from '../../server/certificate-files.ts'
import { keepLog } from '../fixtures/log.ts'

const now = Date.now()
const authority = await issueAuthority(now, 3_600_000)
const [first, second] = await Promise.all([1, 2].map(() => issueLeaf(authority, ['127.0.0.1'], now, 3_600_000))) as [Pair, Pair]

/** Files as kubelet mounts a Secret: links into a folder that is swapped whole. */
async function mountFiles (root: string, name: string, { certificate, key }: Pair): Promise<void> {
  await mkdir(join(root, name))
  await writeFile(join(root, name, 'tls.crt'), certificate)
  await writeFile(join(root, name, 'tls.key'), key)
  await symlink(name, join(root, 'next'))
  await rename(join(root, 'next'), join(root, 'current'))
}

function watchFiles (t: Test) {
  const root = t.testdir({})
  const pairs: Pair[] = []
  const log = keepLog()
  const files = createCertificateFiles({ dir: join(root, 'current'), checkMs: 10, onPair: pair => { pairs.push(pair) }, log })
  t.teardown(() => { files.stop() })
  return { root, pairs, lines: log.lines, files }
}

async function until (holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 5))
}

t.test('files that are there at the start are told at once, and those swapped in by a link later', async t => {
  const { root, pairs, lines, files } = watchFiles(t)
  await mountFiles(root, 'a', first)
  await files.start()
  t.strictSame(pairs, [first])
  await mountFiles(root, 'b', second)
  await until(() => pairs.length > 1)
  t.strictSame(pairs, [first, second])
  t.strictSame(lines, [])
})

t.test('the last good pair stays while the files are half written or gone, and each fault is told once', async t => {
  const { root, pairs, lines, files } = watchFiles(t)
  await mountFiles(root, 'a', first)
  await files.start()
  await writeFile(join(root, 'current', 'tls.crt'), second.certificate)
  await until(() => lines.length > 0)
  await rm(join(root, 'current', 'tls.key'))
  await until(() => lines.length > 1)
  t.strictSame(pairs, [first])
  t.match(lines, [
    { level: 'warn', fields: { err: /no pair of a certificate and its key/ } },
    { level: 'warn', fields: { err: /ENOENT.*tls\.key/ } }
  ])
  // At once: a file that is read while it is written would be one more fault.
  await writeFile(join(root, 'tls.key.new'), second.key)
  await rename(join(root, 'tls.key.new'), join(root, 'current', 'tls.key'))
  await until(() => pairs.length > 1)
  t.strictSame(pairs, [first, second])
  t.equal(lines.length, 2)
})
