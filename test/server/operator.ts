import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { runOperator } from '../fixtures/operator.ts'

t.test('stopped before the API server ever answered, it ends without a fault', async t => {
  const rejections: unknown[] = []
  const note = (reason: unknown) => { rejections.push(reason) }
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  const kubeconfig = join(t.testdir(), 'kubeconfig')
  await writeFile(kubeconfig, JSON.stringify({
    clusters: [{ name: 'away', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'someone', user: { token: 'x' } }],
    contexts: [{ name: 'away', context: { cluster: 'away', user: 'someone' } }],
    'current-context': 'away'
  }))
  for (const election of ['true', 'false']) {
    const operator = await runOperator(t, { KUBECONFIG: kubeconfig, LISTEN_ADDRESS: '127.0.0.1', HTTP_PORT: '0', LEADER_ELECTION: election })
    t.equal((await fetch(`${operator.url}/readyz`)).status, 503)
    t.equal((await fetch(`${operator.url}/livez`)).status, 200)
    await operator.stop()
  }
  await new Promise(resolve => setImmediate(resolve))
  t.strictSame(rejections, [])
})
