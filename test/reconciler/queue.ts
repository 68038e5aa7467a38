import t from 'tap'
import { createQueue } from '../../reconciler/queue.ts'

t.test('a key added twice is worked on once', async t => {
  const queue = createQueue()
  queue.add('a')
  queue.add('a')
  queue.add('b')
  t.strictSame([await queue.take(), await queue.take(), queue.depth], ['a', 'b', 0])
})

t.test('a key added while at work comes again when it is done, not before', async t => {
  const queue = createQueue()
  queue.add('a')
  await queue.take()
  queue.add('a')
  queue.add('a')
  t.equal(queue.depth, 0)
  queue.done('a')
  t.equal(queue.depth, 1)
  t.equal(await queue.take(), 'a')
})

t.test('a waiting worker gets the next key', async t => {
  const queue = createQueue()
  const taken = queue.take()
  queue.add('a')
  t.equal(await taken, 'a')
})

t.test('delayed keys come in the order of their times, the earlier of two delays counts', async t => {
  const queue = createQueue()
  queue.addAfter('late', 40)
  queue.addAfter('early', 10)
  queue.addAfter('late', 20)
  queue.addAfter('late', 60_000)
  queue.addAfter('now', 0)
  t.strictSame([await queue.take(), await queue.take(), await queue.take()], ['now', 'early', 'late'])
  queue.close()
})

t.test('failures back off by doubling up to the longest, until forgotten', async t => {
  const queue = createQueue({ baseBackOffMs: 5, maxBackOffMs: 1000 })
  t.teardown(() => queue.close())
  const delays = Array.from({ length: 10 }, () => queue.addWithBackOff('a'))
  t.strictSame(delays, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000])
  queue.forget('a')
  t.equal(queue.addWithBackOff('a'), 5)
})

t.test('a Retry-After longer than the back-off is kept to', async t => {
  const queue = createQueue()
  t.teardown(() => queue.close())
  t.equal(queue.addWithBackOff('a', 3000), 3000)
})

t.test('closing drops what waits and lets every worker go', async t => {
  const queue = createQueue()
  const idle = queue.take()
  queue.close()
  queue.add('a')
  t.strictSame([await idle, await queue.take(), queue.depth], [undefined, undefined, 0])
})

t.test('the observer hears of each key', async t => {
  const heard: string[] = []
  const queue = createQueue({
    observer: {
      added: depth => { heard.push(`added ${depth}`) },
      started: depth => { heard.push(`started ${depth}`) },
      retried: () => { heard.push('retried') }
    }
  })
  queue.add('a')
  await queue.take()
  queue.addWithBackOff('a')
  queue.close()
  t.strictSame(heard, ['added 1', 'started 0', 'retried'])
})
