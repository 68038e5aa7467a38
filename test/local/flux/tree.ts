import t from 'tap'
import { readTree } from '../../../local/flux/tree.ts'

await t.test('the files of the folders are named from the root, and no others are there', async t => {
  const root = t.testdir({ a: { b: { 'c.yaml': '1', node_modules: { 'h.js': '5' } }, 'd.yaml': '2' }, e: { 'f.yaml': '3' }, 'g.yaml': '4' })
  t.strictSame(await readTree(root, ['a', 'e']), { 'a/b/c.yaml': '1', 'a/d.yaml': '2', 'e/f.yaml': '3' })
  await t.rejects(readTree(root, ['h']), { code: 'ENOENT' })
})
