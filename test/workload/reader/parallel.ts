import t from 'tap'
import { setImmediate as turn } from 'node:timers/promises'
import { forEachParallel } from '../../../workload/reader/parallel.ts'

await t.test('each thing is worked on once, and never more than the limit at a time', async t => {
  let now = 0
  let most = 0
  const seen: number[] = []
  await forEachParallel(numbers(20), 3, async n => {
    most = Math.max(most, ++now)
    for (let i = 0; i < 9; i++) await turn()
    seen.push(n)
    now--
  })
  t.strictSame(seen.sort((a, b) => a - b), [...Array(20).keys()])
  t.equal(most, 3)
})

await t.test('the first failure is the result, and nothing is begun after it', async t => {
  const begun: number[] = []
  const source = numbers(1000)
  await t.rejects(forEachParallel(source, 2, async n => {
    begun.push(n)
    await turn()
    if (n === 3) throw new Error('three')
  }), { message: 'three' })
  t.ok(begun.length < 10)
  t.strictSame(await source.next(), { done: true, value: undefined })
})

await t.test('a failure of the source is the result', async t => {
  const source = async function * () {
    yield 1
    throw new Error('dry')
  }
  await t.rejects(forEachParallel(source(), 4, async () => {}), { message: 'dry' })
})

await t.test('an empty source is done at once', async t => {
  await t.resolves(forEachParallel(numbers(0), 4, async () => { throw new Error('never') }))
})

async function * numbers (count: number) {
  for (let n = 0; n < count; n++) {
    await turn()
    yield n
  }
}
