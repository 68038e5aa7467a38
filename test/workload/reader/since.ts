import t from 'tap'
import { parseSince } from '../../../workload/reader/since.ts'

const now = Date.parse('2026-08-01T12:00:00.000Z')

const table: [string, string | undefined][] = [
  ['90s', '2026-08-01T11:58:30.000Z'],
  ['15m', '2026-08-01T11:45:00.000Z'],
  ['1.5h', '2026-08-01T10:30:00.000Z'],
  ['1d', '2026-07-31T12:00:00.000Z'],
  ['2w', '2026-07-18T12:00:00.000Z'],
  ['0s', '2026-08-01T12:00:00.000Z'],
  ['2026-07-31', '2026-07-31T00:00:00.000Z'],
  ['2026-08-01T10:00Z', '2026-08-01T10:00:00.000Z'],
  ['2026-08-01T10:00:00.5+02:00', '2026-08-01T08:00:00.500Z'],
  ['2026-08-01T13:00:00Z', undefined], // to come
  ['2026-08-01T10:00:00', undefined], // whose zone?
  ['2026-13-01', undefined],
  ['99999w', undefined],
  ['15', undefined],
  ['-5m', undefined],
  ['5 m', undefined],
  ['yesterday', undefined],
  ['', undefined]
]

for (const [text, expected] of table) {
  await t.test(`"${text}" is ${expected ?? 'refused'}`, async t => {
    const since = parseSince(text, now)
    t.equal(since === undefined ? undefined : new Date(since).toISOString(), expected)
  })
}
