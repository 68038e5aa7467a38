// References as the webhook judges them, and as the API server does by the CRD: both refuse the same.
import t from 'tap'
import { crd } from '../../api/crd.ts'
import { apiVersion, kind, plural } from '../../api/names.ts'
import { violations } from '../../api/rules.ts'
import type { TopicTenSpec } from '../../api/topicten.ts'
import { createClient } from '../../cluster/client.ts'
import { loadClusterConfig } from '../../cluster/config.ts'
import { applyCrds } from '../../local/crds.ts'
import { namespace, sharedControlPlane } from '../fixtures/control-plane.ts'
import { toKey, toObject } from '../fixtures/referred.ts'
import { goodSpec } from '../fixtures/topicten.ts'

const { targetarn: _, ...rest } = goodSpec
const sound = toObject('Box', 'a').resourceRef
const cases: Array<[what: string, spec: object, refused: RegExp | undefined]> = [
  ['a reference to an object', { ...rest, targetarnFrom: toObject('Box', 'a', 'status.x-y.arn') }, undefined],
  ['a reference to a key', { ...rest, targetarnFrom: toKey('a', 'target.arn') }, undefined],
  ['neither ARN nor reference', rest, /targetarn/],
  ['both', { ...goodSpec, targetarnFrom: toObject('Box', 'a') }, /targetarn/],
  ['a reference to nothing', { ...rest, targetarnFrom: {} }, /exactly one of resourceRef and configMapKeyRef/],
  ['a reference to two places', { ...rest, targetarnFrom: { ...toObject('Box', 'a'), ...toKey('a', 'b') } }, /exactly one of resourceRef and configMapKeyRef/],
  ['another namespace', { ...rest, targetarnFrom: { resourceRef: { ...sound, namespace: 'other' } } }, /reaches into another namespace/],
  ['another namespace of a ConfigMap', { ...rest, targetarnFrom: { configMapKeyRef: { name: 'a', key: 'b', namespace: 'x' } } }, /reaches into another namespace/],
  ['a Secret', { ...rest, targetarnFrom: { resourceRef: { ...sound, apiVersion: 'v1', kind: 'Secret' } } }, /a Secret never/],
  ['an index', { ...rest, targetarnFrom: toObject('Box', 'a', 'status.arns[0]') }, /dotted names such as status\.atProvider\.arn, without indexes/],
  ['an empty path', { ...rest, targetarnFrom: toObject('Box', 'a', '') }, /fieldPath/],
  ['a kind in lower case', { ...rest, targetarnFrom: toObject('box', 'a') }, /a kind such as Table/],
  ['a key with a slash', { ...rest, targetarnFrom: toKey('a', 'b/c') }, /a key of a ConfigMap/],
  ['no name', { ...rest, targetarnFrom: toKey('', 'b') }, /name/]
]

await t.test('the webhook and the CRD refuse the same references, with words', async t => {
  const plane = await sharedControlPlane(t)
  const ns = await namespace(t, plane)
  await applyCrds(plane, [crd])
  const client = createClient(await loadClusterConfig({ kubeconfig: plane.kubeconfig }))
  t.teardown(() => client.close())
  for (const [what, spec, refused] of cases) {
    const body = { apiVersion, kind, metadata: { name: 'a' }, spec }
    const answer = await client.request('POST', `/apis/${apiVersion}/namespaces/${ns}/${plural}`, { body, query: { dryRun: 'All' } })
      .then(() => '', (error: Error) => error.message)
    const found = violations(spec as TopicTenSpec).map(violation => JSON.stringify(violation)).join()
    if (refused === undefined) t.strictSame([answer, found], ['', ''], what)
    else for (const words of [answer, found]) t.match(words, refused, what)
  }
})
