import t from 'tap'
import { topicTenLabel } from '../../api/names.ts'
import { mutatePod, type Lookup } from '../../webhooks/pod.ts'
import { aPod, podRequest, resolved } from '../fixtures/admission.ts'

const asked: unknown[][] = []
const lookup: Lookup = (namespace, name, deadlineMs) => {
  asked.push([namespace, name, deadlineMs])
  return name === 'alpha' ? resolved : name === 'broken' ? { unresolved: 'spec.kmsarn: is wrong' } : undefined
}
const labelled = (name: unknown, metadata: object = {}) => aPod(undefined, { labels: { [topicTenLabel]: name }, ...metadata })

await t.test('a labelled pod is patched with what the TopicTen of its namespace resolves to', async t => {
  t.match(await mutatePod(podRequest(labelled('alpha')), lookup, 900), { allowed: true, patch: /STORAGE_ARN/, warnings: [] })
  t.match(await mutatePod(podRequest(labelled('alpha', { namespace: '' })), async (...question) => lookup(...question), 900), { allowed: true, patch: /STORAGE_ARN/ })
  t.match(await mutatePod(podRequest(labelled('alpha', { namespace: undefined }), { namespace: 'other' }), lookup, 900), { allowed: true })
  t.strictSame(asked, [['team', 'alpha', 900], ['team', 'alpha', 900], ['other', 'alpha', 900]])
})

await t.test('a label that leads nowhere is refused with the name and the namespace', async t => {
  const label = `the pod's label ${topicTenLabel}`
  const cases: [unknown, string][] = [
    ['nobody', `${label} names no TopicTen "nobody" in the namespace "team"; expected one that exists, or no such label`],
    ['', `${label} names no TopicTen "" in the namespace "team"; expected one that exists, or no such label`],
    ['broken', `the TopicTen "broken" in the namespace "team", which ${label} names, has no sound ARNs: spec.kmsarn: is wrong`]
  ]
  for (const [name, message] of cases) {
    t.match(await mutatePod(podRequest(labelled(name)), lookup, 900), { allowed: false, code: 403, message })
  }
})

await t.test('what is not ours to patch is allowed as it is', async t => {
  const cases: [string, object][] = [
    ['a pod without the label', podRequest(aPod(undefined, { labels: { app: 'x' } }))],
    ['a pod without labels', podRequest(aPod(undefined, { labels: null }))],
    ['an update', podRequest(labelled('alpha'), { operation: 'UPDATE' })],
    ['a deletion', podRequest(null, { operation: 'DELETE' })],
    ['ephemeral containers', podRequest(labelled('alpha'), { subResource: 'ephemeralcontainers' })]
  ]
  for (const [name, request] of cases) t.strictSame(await mutatePod(request as never, lookup, 900), { allowed: true, warnings: [] }, name)
})

await t.test('what is no pod is told so', async t => {
  const cases: [object, string][] = [
    [podRequest(null), 'request.object is no object'], [podRequest('x'), 'request.object is no object'],
    [podRequest(labelled(7)), `the pod's label ${topicTenLabel} is no text`],
    [podRequest(labelled('alpha', { namespace: '' }), { namespace: '' }), 'neither the pod nor the request has a namespace'],
    [podRequest(labelled('alpha'), { kind: { group: 'apps', version: 'v1', kind: 'Deployment' } }), 'this webhook patches pods, not Deployment'],
    [podRequest({ ...labelled('alpha'), spec: 7 }), 'spec: found nothing; expected the spec of a pod']
  ]
  for (const [request, message] of cases) {
    t.match(await mutatePod(request as never, lookup, 900), { allowed: false, code: 400, message }, message)
  }
})

await t.test('a lookup that fails, or a fault of ours, is left to the caller', async t => {
  await t.rejects(mutatePod(podRequest(labelled('alpha')), async () => { throw new Error('too late') }, 900), { message: 'too late' })
  await t.rejects(mutatePod(podRequest(labelled('alpha')), () => null as never, 900), TypeError)
})
