import t from 'tap'
import { createRecent } from '../../reconciler/recent.ts'

const object = (resourceVersion: string, uid = 'u') => ({ metadata: { uid, resourceVersion } })

t.test('what was written counts until the cache has it', async t => {
  const recent = createRecent<ReturnType<typeof object>>()
  recent.remember('k', object('100'))
  t.equal(recent.newest('k', undefined)?.metadata.resourceVersion, '100', 'made, not seen yet')
  t.equal(recent.newest('k', object('99'))?.metadata.resourceVersion, '100', 'versions are numbers: 99 is older than 100')
  t.equal(recent.newest('k', object('101'))?.metadata.resourceVersion, '101')
  t.equal(recent.newest('k', undefined), undefined, 'once seen, its absence counts')
})

t.test('an object made again is not mistaken for its predecessor', async t => {
  const recent = createRecent<ReturnType<typeof object>>()
  recent.remember('k', object('100', 'old'))
  t.equal(recent.newest('k', object('90', 'new'))?.metadata.uid, 'new')
})

t.test('what was forgotten does not count', async t => {
  const recent = createRecent<ReturnType<typeof object>>()
  recent.remember('a', object('1'))
  recent.forget('a')
  t.equal(recent.newest('a', undefined), undefined)
})

t.test('the watch bringing back what was written, or what was before, is an echo', async t => {
  const recent = createRecent<ReturnType<typeof object>>()
  t.notOk(recent.isEcho('k', object('100')), 'nothing was written')
  recent.remember('k', object('100'))
  t.ok(recent.isEcho('k', object('99')))
  t.ok(recent.isEcho('k', object('100')))
  t.notOk(recent.isEcho('k', object('101')), 'another hand')
  t.notOk(recent.isEcho('k', object('99', 'other')), 'made again')
})
