import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { openHealth } from '../../workload/health.ts'
import { createMetrics } from '../../workload/metrics.ts'

async function open (t: Test, fault?: string): Promise<string> {
  const metrics = createMetrics({ backlog: () => 3, lastSuccess: () => 5000 }, true)
  metrics.ended('complete')
  metrics.failed('store', 'throttled', 0.02)
  metrics.worked('log', 0.3)
  const health = await openHealth({ address: '127.0.0.1', port: 0, live: () => fault, registry: metrics.registry })
  t.teardown(() => health.close())
  return `http://127.0.0.1:${health.port}`
}

t.test('alive is 200, not alive 503 with the reason, and anything else is refused', async t => {
  const [well, ill] = [await open(t), await open(t, 'the last success is long ago')]
  const answers = await Promise.all([
    fetch(`${well}/livez?verbose`), fetch(`${ill}/livez`), fetch(`${well}/nothing`), fetch(`${well}/livez`, { method: 'POST' }), fetch(`${well}/livez`, { method: 'HEAD' })
  ])
  t.strictSame(await Promise.all(answers.map(async answer => [answer.status, await answer.text()])), [
    [200, 'ok'], [503, 'the last success is long ago\n'], [404, 'not found\n'], [405, 'method not allowed\n'], [200, '']
  ])
})

t.test('metrics count messages, failures by step and kind, and time', async t => {
  const answer = await fetch(`${await open(t)}/metrics`)
  const text = await answer.text()
  t.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  for (const line of [
    'topicten_workload_messages_total{result="complete"} 1',
    'topicten_workload_messages_total{result="given_up"} 0',
    'topicten_workload_failures_total{step="store",kind="throttled"} 1',
    'topicten_workload_step_duration_seconds_count{step="log"} 1',
    'topicten_workload_backlog_messages 3',
    'topicten_workload_last_success_timestamp_seconds 5'
  ]) t.ok(text.split('\n').includes(line), line)
  t.match(text, /\nprocess_resident_memory_bytes /)
})

t.test('a port that is taken is an error', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => { other.close() })
  const { registry } = createMetrics({ backlog: () => 0, lastSuccess: () => 0 }, false)
  await t.rejects(openHealth({ address: '127.0.0.1', port: (other.address() as AddressInfo).port, live: () => undefined, registry }), { code: 'EADDRINUSE' })
})
