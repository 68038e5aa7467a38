import t from 'tap'
import { harmless, harmlessJson } from '../../../workload/reader/harmless.ts'

await t.test('what could do something to a terminal is shown as its code', async t => {
  const table: [string, string][] = [
    ['plain text, "quoted" \\', 'plain text, "quoted" \\'],
    ['schön 漢字 🙂', 'schön 漢字 🙂'],
    ['\u001b[31mred', '\\u{1b}[31mred'],
    ['\u009b31m', '\\u{9b}31m'],
    ['a\r\nb\tc\u0000', 'a\\u{d}\\u{a}b\\u{9}c\\u{0}'],
    ['\u202eevil\u2066', '\\u{202e}evil\\u{2066}'],
    ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
    ['half \ud800', 'half \\u{d800}'],
    ['\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['\u{e0041}', '\\u{e0041}']
  ]
  for (const [text, expected] of table) t.equal(harmless(text), expected)
})

await t.test('JSON keeps its meaning and its lines', async t => {
  const value = { text: '\u001b[31m\u009b \u202e \u{e0041} \u007f\n schön 🙂' }
  const json = JSON.stringify(value, null, 2)
  t.strictSame(JSON.parse(harmlessJson(json)), value)
  t.notMatch(harmlessJson(json), /[^\n\P{C}]/u)
  t.equal(harmlessJson(json).split('\n').length, 3)
})
