import t from 'tap'
import { figure, report } from '../../bench/report.ts'
import { quantile, median } from '../../bench/statistics.ts'

t.test('a table has the medians of each operator and the ratio of the first to the others', async t => {
  const run = (operator: string, round: number, seconds: number) => ({ operator, section: 'Start', round, figures: { 'ready, s': seconds } })
  t.equal(report([run('ours', 1, 1), run('peer', 1, 4), run('ours', 2, 2), run('peer', 2, 4), run('ours', 3, 9), run('peer', 3, 5)]), [
    '## Start', '',
    '| medians of 3 rounds | ours | peer | ratio to peer |', '| --- | ---: | ---: | ---: |', '| ready, s | 2 | 4 | 0.50 |', ''
  ].join('\n'))
})

t.test('a figure that an operator lacks is a dash', async t => {
  const text = report([
    { operator: 'ours', section: 'S', round: 1, figures: { a: 1 } }, { operator: 'peer', section: 'S', round: 1, figures: { b: 2 } }
  ])
  t.match(text, '| a | 1 | – | – |')
  t.match(text, '| b | – | 2 | – |')
})

t.test('a figure is written with three digits that count', async t => {
  t.strictSame([undefined, 7, 0.01234, 0.456, 3.14159, 42.42, 1234.5].map(figure), ['–', '7', '0.012', '0.46', '3.14', '42.4', '1235'])
})

t.test('quantiles are of the nearest rank, a median of two is their mean', async t => {
  t.strictSame([0, 0.5, 0.99, 1].map(q => quantile([3, 1, 2, 4], q)), [1, 2, 4, 4])
  t.strictSame([[], [5], [3, 1], [3, 1, 2]].map(median), [undefined, 5, 2, 2])
})
