import t from 'tap'
import { microTime } from '../../cluster/micro-time.ts'

t.test('a time has exactly six digits of a second', async t => {
  t.strictSame([microTime(new Date(0)), microTime(new Date('2026-01-02T03:04:05.678Z'))], ['1970-01-01T00:00:00.000000Z', '2026-01-02T03:04:05.678000Z'])
})
