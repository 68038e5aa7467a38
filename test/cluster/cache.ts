import t from 'tap'
import { createCache } from '../../cluster/cache.ts'
import type { Change } from '../../cluster/cache.ts'
import { objectOf } from '../fixtures/api-server.ts'
import { keepLog } from '../fixtures/log.ts'

function nameCache (onChange?: (change: Change<string>) => void) {
  const changes: Change<string>[] = []
  const log = keepLog()
  const cache = createCache<string>({
    project: ({ metadata }) => {
      if (metadata.name === 'bad') throw new Error('bad')
      return `${metadata.name}@${metadata.resourceVersion}`
    },
    onChange: onChange ?? (change => { changes.push(change) }),
    log
  })
  return { cache, changes, log }
}

t.test('each difference is told once, a known version not at all', async t => {
  const { cache, changes } = nameCache()
  cache.put(objectOf('a', 1))
  cache.put(objectOf('a', 1))
  cache.put(objectOf('a', 2))
  cache.remove('ns/a')
  cache.remove('ns/a')
  t.strictSame(changes, [
    { key: 'ns/a', object: 'a@1', old: undefined },
    { key: 'ns/a', object: 'a@2', old: 'a@1' },
    { key: 'ns/a', object: undefined, old: 'a@2' }
  ])
})

t.test('what is not among the keys to retain is told to be gone', async t => {
  const { cache, changes } = nameCache()
  const keys = ['a', 'b', 'c'].map(name => cache.put(objectOf(name, 1)))
  changes.length = 0
  cache.retain(new Set([keys[1]!]))
  t.strictSame(changes.map(({ key, object }) => [key, object]), [['ns/a', undefined], ['ns/c', undefined]])
  t.strictSame([[...cache.values()], cache.size, cache.get('ns/b'), cache.get('ns/a')], [['b@1'], 1, 'b@1', undefined])
})

t.test('an object without a namespace has its name as key', async t => {
  t.equal(nameCache().cache.put({ metadata: { name: 'node', resourceVersion: '1' } }), 'node')
})

t.test('an object that cannot be projected is logged and left out', async t => {
  const { cache, log, changes } = nameCache()
  t.equal(cache.put(objectOf('bad', 1)), 'ns/bad')
  t.strictSame([cache.size, changes, log.lines.map(({ level, message }) => [level, message])], [0, [], [['error', 'object not understood']]])
})

t.test('a throw of the listener is logged and the object kept', async t => {
  const { cache, log } = nameCache(() => { throw new Error('listener') })
  cache.put(objectOf('a', 1))
  t.strictSame([cache.get('ns/a'), log.lines.map(({ message }) => message)], ['a@1', ['change not handled']])
})
