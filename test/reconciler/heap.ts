import fc from 'fast-check'
import t from 'tap'
import { createHeap } from '../../reconciler/heap.ts'

t.test('keys come out by time, each once, at the earliest time it was put in for', async t => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...'abcdefghij'), fc.integer({ min: 0, max: 50 }))), puts => {
    const heap = createHeap()
    const earliest = new Map<string, number>()
    for (const [key, at] of puts) {
      heap.put(key, at)
      earliest.set(key, Math.min(at, earliest.get(key) ?? Infinity))
    }
    const out = Array.from({ length: heap.size }, () => heap.pop()!)
    const times = out.map(({ at }) => at)
    return heap.pop() === undefined && times.every((at, index) => index === 0 || at >= times[index - 1]!) &&
      out.length === earliest.size && out.every(({ key, at }) => earliest.get(key) === at)
  }))
})
