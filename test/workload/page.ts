import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { addEntry, formatPage, parsePage, type PageEntry } from '../../workload/page.ts'

const hostile = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom(
  '<script>alert(1)</script>', '</p></body></html>', '"><img src=x onerror=alert(1)>', '&lt;', '&#60;', 'a\nb\r\nc', '\u0000\u2028\u202e', '\ud800', ''))
const anyEntry = fc.record<PageEntry>(
  { id: hostile, time: hostile, namespace: hostile, pod: hostile, message: hostile }, { noNullPrototype: true })

t.test('whatever the texts are, the page gives them back', async t => {
  const property = fc.property(fc.array(anyEntry, { maxLength: 5 }), entries => isDeepStrictEqual(parsePage(formatPage(entries)), entries))
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }))
})

t.test('the page survives UTF-8', async t => {
  const property = fc.property(anyEntry, entry =>
    isDeepStrictEqual(parsePage(Buffer.from(formatPage([entry]), 'utf8').toString('utf8')), [entry]))
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }))
})

t.test('no text can add a tag, an attribute or a line', async t => {
  const shape = (page: string) => page.replaceAll(/[^<>"\n]/g, '')
  const plain = shape(formatPage([{ id: 'i', time: 't', namespace: 'n', pod: 'p', message: 'm' }]))
  t.doesNotThrow(() => fc.assert(fc.property(anyEntry, entry => shape(formatPage([entry])) === plain), { numRuns: 300 }))
})

const at = (second: number, id = `id-${second}`): PageEntry =>
  ({ id, time: new Date(second * 1000).toISOString(), namespace: 'n', pod: 'p', message: `message ${second}` })

t.test('in whatever order messages come, the page has the newest, newest first, each once', async t => {
  const anyOrder = fc.shuffledSubarray(Array.from({ length: 12 }, (_, second) => second), { minLength: 1 })
  const property = fc.property(anyOrder, fc.integer({ min: 1, max: 15 }), (seconds, cap) => {
    const page = [...seconds, ...seconds].reduce<PageEntry[]>((entries, second) => addEntry(entries, at(second), cap), [])
    return isDeepStrictEqual(page, seconds.toSorted((a, b) => b - a).slice(0, cap).map(second => at(second)))
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test('an entry has the text a reader of the bucket sees', async t => {
  t.match(formatPage([{ ...at(0), message: 'a <b>' }]),
    '\n<p id="id-0" data-pod="n/p"><time datetime="1970-01-01T00:00:00.000Z">1970-01-01T00:00:00.000Z</time> a &#60;b&#62;</p>\n')
})

const page = formatPage([at(1), at(2)])
const foreign: Record<string, string> = {
  'an empty file': '',
  'a page of somebody else': '<!doctype html><title>Shop</title>',
  'our page with a line more': page.replace('</body>', '<p>mine</p>\n</body>'),
  'our page with a text behind it': `${page}<!-- edited -->`,
  'our page cut off': page.slice(0, -20),
  'our page with a time that is shown as another': page.replace('01.000Z</time>', '09.000Z</time>'),
  'our page with an entry that is escaped in another way': page.replace('message 1', 'message &#49;')
}
for (const [name, text] of Object.entries(foreign)) t.equal(parsePage(text), undefined, `${name} is foreign`)
