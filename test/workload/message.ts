import fc from 'fast-check'
import t from 'tap'
import { maxMessageBytes, randomMessage, sentenceCount } from '../../workload/message.ts'

/** Draws from a row of numbers instead of the system's random source. */
const drawn = (numbers: number[]) => {
  let next = 0
  return (limit: number) => (numbers[next++ % numbers.length] ?? 0) % limit
}

t.test('there are thousands of millions of sentences, and as many different texts', async t => {
  t.ok(sentenceCount >= 1e9)
  const limits: number[] = []
  randomMessage(limit => { limits.push(limit); return 0 })
  t.equal(limits.reduce((product, limit) => product * limit, 1), sentenceCount)
  // No choice is there twice: a sentence is told from another by each word.
  limits.forEach((limit, place) => {
    const texts = Array.from({ length: limit }, (_, choice) => randomMessage(drawn(limits.map((_, at) => at === place ? choice : 0))))
    t.equal(new Set(texts).size, limit)
  })
})

t.test('a sentence is readable ASCII that every kind of key can encrypt', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.array(fc.nat(), { minLength: 10, maxLength: 10 }), numbers => {
    const message = randomMessage(drawn(numbers))
    return /^The( [A-Za-z]+)+\.$/.test(message) && Buffer.byteLength(message) <= maxMessageBytes
  }), { numRuns: 2000 }))
})

t.test('no two of a thousand messages are the same', async t => {
  t.equal(new Set(Array.from({ length: 1000 }, () => randomMessage())).size, 1000)
})
