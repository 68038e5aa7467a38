import t from 'tap'
import { Registry } from 'prom-client'
import { buildApp } from '../../server/app.ts'

const get = async (fault: string | undefined, url: string) => {
  const ready = { caches: () => fault, shutdown: () => undefined }
  const app = buildApp({ registry: new Registry(), live: { worker: () => fault }, ready })
  const { statusCode, body } = await app.inject(url)
  return [statusCode, body]
}

t.test('healthy checks answer ok in one word, or each by name', async t => {
  t.strictSame(await get(undefined, '/livez'), [200, 'ok'])
  t.strictSame(await get(undefined, '/readyz?verbose'), [200, '[+]caches ok\n[+]shutdown ok\nreadyz check passed\n'])
})

t.test('a failing check is named with its fault', async t => {
  t.strictSame(await get('not filled yet', '/readyz'), [503, '[-]caches failed: not filled yet\n[+]shutdown ok\nreadyz check failed\n'])
  t.strictSame(await get('hangs', '/livez'), [503, '[-]worker failed: hangs\nlivez check failed\n'])
})
