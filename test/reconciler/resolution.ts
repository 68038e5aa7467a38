import t from 'tap'
import type { ArnReference, Condition, TopicTen } from '../../api/topicten.ts'
import { keptAt, kindName, referencesOf } from '../../reconciler/reference.ts'
import { decideArns, type Found } from '../../reconciler/resolution.ts'
import { toKey, toObject } from '../fixtures/referred.ts'
import { aTopicTen, goodSpec } from '../fixtures/topicten.ts'

const { targetarn: _, ...rest } = goodSpec
const { kmsarn, cloudwatcharn } = goodSpec
const bucket = 'arn:aws:s3:::messages'
const resolved = { targetarn: bucket, kmsarn, cloudwatcharn, region: 'eu-west-3' }

function referring (targetarnFrom: ArnReference, status: TopicTen['status'] = { observedGeneration: 1 }): TopicTen {
  return { ...aTopicTen(), spec: { ...rest, targetarnFrom }, status }
}

function condition (type: Condition['type'], reason: string, status: Condition['status'] = 'True', observedGeneration = 1): Condition {
  return { type, status, reason, message: reason, observedGeneration, lastTransitionTime: '' }
}

const decide = (topicTen: TopicTen, found: Found) => decideArns(topicTen, () => found)
const nothing: Found = { state: 'nothing', hasObject: false }
const reference = toObject('Box', 'a')

await t.test('written ARNs are taken without a look', async t => {
  const decision = decideArns(aTopicTen(), () => { throw new Error('looked') })
  t.match(decision, { act: 'settle', isNew: false, verdict: undefined, stalled: undefined })
})

await t.test('a sound ARN settles, and is new until the status has it, in whatever order of its keys', async t => {
  const found: Found = { state: 'value', value: bucket }
  t.strictSame(decide(referring(reference), found), {
    act: 'settle', resolved, isNew: true, stalled: undefined, verdict: { status: 'True', reason: 'Resolved', message: 'All ARNs that are referred to were found' }
  })
  const reversed = Object.fromEntries(Object.entries(resolved).reverse()) as unknown as typeof resolved
  t.match(decide(referring(reference, { observedGeneration: 1, resolved: reversed }), found), { isNew: false })
})

await t.test('what is not there yet is waited for; what was there and is gone stalls; a new wish waits again', async t => {
  t.match(decide(referring(reference), nothing), { act: 'withhold', verdict: { status: 'False', reason: 'NotFound' }, stalled: undefined })
  const had = (generation: number) => ({ observedGeneration: 1, resolved, conditions: [condition('ArnsResolved', 'Resolved', 'True', generation)] })
  t.match(decide(referring(reference, had(1)), nothing), { act: 'settle', resolved, stalled: 'ArnVanished' })
  t.match(decide(referring(reference, had(0)), nothing), { act: 'settle', resolved, stalled: undefined, verdict: { reason: 'NotFound' } })
})

await t.test('a right that is lost is no vanished ARN', async t => {
  const status = { observedGeneration: 1, resolved, conditions: [condition('ArnsResolved', 'Resolved')] }
  t.match(decide(referring(reference, status), { state: 'closed', reason: 'Forbidden', message: 'no right' }), {
    act: 'settle', resolved, stalled: undefined, verdict: { reason: 'Forbidden', message: 'spec.targetarnFrom: no right' }
  })
})

await t.test('before a kind is read the condition stays as it was, and of a new object nothing is said', async t => {
  t.strictSame(decide(referring(reference), { state: 'pending' }), { act: 'wait' })
  const status = { observedGeneration: 1, resolved, conditions: [condition('ArnsResolved', 'NotFound', 'False'), condition('Stalled', 'ArnVanished')] }
  t.match(decide(referring(reference, status), { state: 'pending' }), { act: 'settle', resolved, stalled: 'ArnVanished', verdict: { reason: 'NotFound' } })
  t.strictSame(decide({ ...referring(reference, status), metadata: { ...aTopicTen().metadata, generation: 2 } }, { state: 'pending' }), { act: 'wait' })
})

await t.test('what is found and is no fitting ARN is told by its kind and length only', async t => {
  const cases: Array<[found: string | { what: string }, told: string]> = [
    ['arn:aws:iam::111122223333:role/secret-role', 'a text of 42 characters'], [{ what: 'a text of 7 characters' }, 'a text of 7 characters'], [{ what: 'a list' }, 'a list']
  ]
  for (const [value, told] of cases) {
    const decision = decide(referring(reference), { state: 'value', value })
    t.match(decision, { act: 'withhold', stalled: 'InvalidArn', verdict: { reason: 'NotAnArn', message: new RegExp(`has at status.atProvider.arn ${told}, which is no ARN of`) } })
    t.notMatch(JSON.stringify(decision), /secret-role/)
  }
})

await t.test('of an object no more is kept than an ARN, or what stands in its place', async t => {
  const object = { status: { arn: bucket, text: 'secret', long: `arn:${'x'.repeat(3000)}`, list: [bucket], number: 7, empty: '', nothing: null }, data: { 'a.b': bucket } }
  const cases: Array<[names: string[], kept: unknown]> = [
    [['status', 'arn'], bucket], [['status', 'text'], { what: 'a text of 6 characters' }], [['status', 'long'], { what: 'a text of 3004 characters' }],
    [['status', 'list'], { what: 'a list' }], [['status', 'list', '0'], bucket], [['status'], { what: 'an object' }], [['status', 'number'], { what: 'a number' }],
    [['status', 'empty'], undefined], [['status', 'nothing'], undefined], [['status', 'no', 'where'], undefined], [['data', 'a.b'], bucket],
    [['constructor', 'name'], undefined], [['status', 'text', 'length'], undefined]
  ]
  for (const [names, kept] of cases) t.strictSame(keptAt(object, names), kept, names.join('.'))
})

await t.test('references are found in their own namespace, at the default path, at a key with dots; broken ones are left out', async t => {
  const spec = { ...rest, targetarnFrom: reference, kmsarnFrom: toKey('arns', 'kms.arn'), cloudwatcharnFrom: { resourceRef: { apiVersion: 'v1', kind: 'Secret', name: 'x' } } }
  const { kmsarn: _, cloudwatcharn: __, ...unwritten } = spec
  t.strictSame(referencesOf({ ...aTopicTen(), spec: unwritten }), [
    { field: 'targetarn', apiVersion: 'aws.example.com/v1beta1', kind: 'Box', key: 'team/a', path: 'status.atProvider.arn', names: ['status', 'atProvider', 'arn'] },
    { field: 'kmsarn', apiVersion: 'v1', kind: 'ConfigMap', key: 'team/arns', path: 'data.kms.arn', names: ['data', 'kms.arn'] }
  ])
  t.strictSame([kindName({ apiVersion: 'v1', kind: 'ConfigMap' }), kindName({ apiVersion: 'a.b/v1', kind: 'Box' })], ['ConfigMap', 'Box.a.b'])
})
