// A TopicTen on a real control plane, the operator under the rights of its ServiceAccount.
import t from 'tap'
import { installChart, operatorEnvironment, runOperator } from '../fixtures/operator.ts'
import { namespace, sharedControlPlane } from '../fixtures/control-plane.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'

t.test('five replicas become one by four steps, then nothing is asked any more', async t => {
  const plane = await sharedControlPlane(t)
  const ns = await namespace(t, plane)
  await installChart(plane, ns)
  const watcher = await watchNamespace(t, plane, ns)
  const operator = await runOperator(t, await operatorEnvironment(plane, ns))
  await plane.kubectl(['create', '-n', ns, '-f', '-'], JSON.stringify(manifest('alpha')))
  await watcher.until('done', () => watcher.condition('alpha', 'CountedDown')?.reason === 'Done')
  t.strictSame(watcher.replicas('alpha'), [5, 4, 3, 2, 1])
  const gaps = watcher.steps('alpha').slice(1).map(({ at }, index) => at - watcher.steps('alpha')[index]!.at)
  t.comment(gaps)
  t.comment(watcher.topicTen('alpha'))
  t.comment(operator.log.lines)
  const user = `system:serviceaccount:${ns}:topicten`
  const events = (await plane.auditEvents()).filter(event => event.user?.username === user)
  t.comment(events.map(e => `${e.verb} ${e.objectRef?.resource}/${e.objectRef?.subresource ?? ''} ${e.responseStatus?.code} ${e.stage}`))
})
