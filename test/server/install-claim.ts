import t from 'tap'
import { type Claim, projectClaim, refusalOf, rivalOf } from '../../server/install-claim.ts'

const claim = (identity: string, namespace: string, scope: Claim['scope'], second = 1, version = second): Claim =>
  ({ identity, namespace, scope, createdAt: `2026-01-01T00:00:0${second}Z`, resourceVersion: String(version) })

const wide = claim('a/topicten', 'kube-system', 'cluster', 2)
const inX = claim('x/topicten', 'x', 'namespace', 2)

for (const [sentence, own, others, expected] of [
  ['an install alone has no rival', wide, [wide], undefined],
  ['nor has one whose claim is not made yet', wide, [], undefined],
  ['of two for the whole cluster the one that has the Lease counts', claim('b/topicten', 'kube-system', 'cluster'), [wide], wide],
  ['of two for one namespace as well', claim('b/topicten', 'x', 'namespace'), [inX], inX],
  ['installs for two namespaces stand side by side', inX, [inX, claim('y/topicten', 'y', 'namespace')], undefined],
  ['one for the whole cluster that was there first is in the way of one namespace', inX, [inX, claim('a/topicten', 'kube-system', 'cluster', 1)], claim('a/topicten', 'kube-system', 'cluster', 1)],
  ['one that came later is not', inX, [inX, claim('a/topicten', 'kube-system', 'cluster', 3)], undefined],
  ['one namespace that was there first is in the way of the whole cluster', wide, [wide, claim('x/topicten', 'x', 'namespace', 1)], claim('x/topicten', 'x', 'namespace', 1)],
  ['one that came later is not either', wide, [wide, claim('x/topicten', 'x', 'namespace', 3)], undefined],
  ['of two of one second the one written first counts', wide, [claim('x/topicten', 'x', 'namespace', 2, 1), wide], claim('x/topicten', 'x', 'namespace', 2, 1)],
  ['a claim that is not made yet yields to any other that overlaps', inX, [wide], wide],
  ['of several rivals the oldest is named', claim('b/topicten', 'kube-system', 'cluster', 9), [claim('y/topicten', 'y', 'namespace', 3), inX], inX],
  ['the same release with another scope before an upgrade is no rival', claim('a/topicten', 'x', 'namespace', 3), [wide], undefined],
  ['a namespace and the whole cluster meet in kube-system too', claim('k/topicten', 'kube-system', 'namespace', 3), [wide], wide]
] as const) {
  t.test(sentence, async t => { t.strictSame(rivalOf(own, others), expected) })
}

t.test('a refusal names the release, its namespace, what it looks after and the way out', async t => {
  t.equal(refusalOf(wide, 'topicten-install'), 'the release "topicten" in the namespace "a" looks after the whole cluster already, and two would fight over its ' +
    'TopicTens: uninstall one of them, or give each a namespace of its own (watchNamespace); if it is gone: kubectl --namespace kube-system delete lease topicten-install')
  t.match(refusalOf(inX, 'topicten-install'), /the release "topicten" in the namespace "x" looks after the namespace "x" already/)
})

t.test('a Lease without label or holder is a claim of nobody for its namespace', async t => {
  t.strictSame(projectClaim({ metadata: { name: 'l', namespace: 'x', resourceVersion: '7' } }),
    { namespace: 'x', scope: 'namespace', identity: '', createdAt: '', resourceVersion: '7' })
})
