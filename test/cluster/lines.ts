import t from 'tap'
import { createLineSplitter } from '../../cluster/lines.ts'

const split = (chunks: (string | Buffer)[], limit?: number): string[] => {
  const take = createLineSplitter(limit)
  return chunks.flatMap(chunk => take(Buffer.from(chunk))).map(String)
}
const euro = Buffer.from('€')

const cases: Record<string, [(string | Buffer)[], string[]]> = {
  'lines of one chunk come one by one': [['a\nb\n'], ['a', 'b']],
  'half a line waits for its end': [['a', 'b\nc'], ['ab']],
  'a line may lie across many chunks': [['a', 'b', 'c', '\n'], ['abc']],
  'empty lines are left out': [['\n\na\n\n'], ['a']],
  'an empty chunk changes nothing': [['a', '', '\n'], ['a']],
  'a character may lie across two chunks': [[euro.subarray(0, 1), euro.subarray(1), '\n'], ['€']]
}
for (const [name, [chunks, lines]] of Object.entries(cases)) {
  t.test(name, async t => t.strictSame(split(chunks), lines))
}

t.test('a line longer than the limit is refused', async t => {
  t.throws(() => split(['aaa', 'bb'], 4), RangeError)
  t.strictSame(split(['aaa', 'b\n', 'cccc\n'], 4), ['aaab', 'cccc'])
})
