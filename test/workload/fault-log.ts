import t from 'tap'
import { createFaultLog } from '../../workload/fault-log.ts'
import type { FaultVerdict } from '../../workload/faults.ts'
import { keepLog } from '../fixtures/log.ts'

const fault = (kind: FaultVerdict['kind']): FaultVerdict => ({ kind, retryable: true, name: 'Name', words: 'words' })

t.test('a fault is logged once a kind, and once when the step works again', async t => {
  const log = keepLog()
  const faults = createFaultLog(log)
  faults.worked('store')
  for (const kind of ['throttled', 'throttled', 'timeout', 'throttled'] as const) faults.failed('store', fault(kind))
  faults.worked('log')
  faults.worked('store')
  faults.worked('store')
  faults.failed('store', fault('throttled'), { id: 'a' })
  t.strictSame(log.lines.map(({ level, message, fields: { kind, failures, id } }) => [level, message, kind ?? failures, id]), [
    ['warn', 'step fails', 'throttled', undefined],
    ['warn', 'step fails', 'timeout', undefined],
    ['info', 'step works again', { throttled: 3, timeout: 1 }, undefined],
    ['warn', 'step fails', 'throttled', 'a']
  ])
  t.strictSame(log.lines[0]?.fields, { step: 'store', kind: 'throttled', error: 'Name', words: 'words', retryable: true })
})
