import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import t from 'tap'
import { inCache } from '../../local/cache.ts'

await t.test('what is in the cache is not made again', async t => {
  const env = { TOPICTEN_CACHE: t.testdir({ thing: 'made before' }) }
  const path = await inCache(env, 'thing', async () => { throw new Error('made again') })
  t.equal(await readFile(path, 'utf8'), 'made before')
})

await t.test('a making that fails leaves nothing', async t => {
  const env = { TOPICTEN_CACHE: t.testdir() }
  await t.rejects(inCache(env, 'thing', async path => {
    await writeFile(path, 'half')
    throw new Error('no space')
  }), { message: 'no space' })
  t.strictSame(await readdir(env.TOPICTEN_CACHE), [])
})

await t.test('a folder that another process made in the meantime is taken as it is', async t => {
  const env = { TOPICTEN_CACHE: t.testdir() }
  const path = await inCache(env, 'folder', async draft => {
    await mkdir(draft)
    await mkdir(`${env.TOPICTEN_CACHE}/folder`)
    await writeFile(`${env.TOPICTEN_CACHE}/folder/file`, 'theirs')
  })
  t.strictSame(await readdir(path), ['file'])
  t.strictSame(await readdir(env.TOPICTEN_CACHE), ['folder'])
})
