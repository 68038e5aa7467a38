import t from 'tap'
import { validateTopicTen } from '../../webhooks/validator.ts'
import { topicTenRequest } from '../fixtures/admission.ts'
import { goodSpec } from '../fixtures/topicten.ts'

const accepted = { allowed: true, warnings: [] }
const bad = { ...goodSpec, replicas: 9, targetarn: 'arn:aws:s3:::my-bucket/key', image: 'App' }

/** The fields an outcome complains of, or none. */
function refused (spec: unknown, oldSpec?: unknown): string[] {
  const outcome = validateTopicTen(topicTenRequest(spec, oldSpec))
  return outcome.allowed ? [] : (outcome.details?.causes ?? []).map(({ field }) => field)
}

await t.test('a sound TopicTen is allowed, an odd one with a warning', async t => {
  t.strictSame(validateTopicTen(topicTenRequest(goodSpec)), accepted)
  t.strictSame(validateTopicTen(topicTenRequest({ ...goodSpec, region: 'eu-west-1' })), {
    allowed: true,
    warnings: ['the regions differ: spec.kmsarn eu-west-3, spec.cloudwatcharn eu-west-3, spec.region eu-west-1']
  })
})

await t.test('all violations of a new TopicTen are told at once', async t => {
  t.match(validateTopicTen(topicTenRequest(bad)), {
    allowed: false,
    code: 422,
    reason: 'Invalid',
    message: [
      'spec.replicas: found "9", which is too many; expected a whole number from 2 to 5',
      'spec.image: found "App", which has upper-case letters in the repository "App"; expected the repository in lower case, app',
      'spec.targetarn: found "arn:aws:s3:::my-bucket/key", which is the ARN of an object in a bucket instead of the bucket; expected the bucket alone, arn:aws:s3:::my-bucket'
    ].join('\n'),
    details: { kind: 'TopicTen', name: 'alpha', causes: [{ field: 'spec.replicas', message: 'found "9", which is too many; expected a whole number from 2 to 5' }, {}, {}] }
  })
})

await t.test('an update is judged on what it changes', async t => {
  const cases: [string, object, object, string[]][] = [
    ['a fault it brings is refused', { ...goodSpec, image: 'App' }, goodSpec, ['spec.image']],
    ['the faults it finds are not', { ...bad, suspend: true }, bad, []],
    ['one fault mended of three', { ...bad, replicas: 3 }, bad, []],
    ['one fault for another', { ...bad, image: 'Other' }, bad, ['spec.image']],
    ['an ARN of another partition beside a sound one', { ...goodSpec, targetarn: 'arn:aws-cn:s3:::my-bucket' }, goodSpec, ['spec.kmsarn', 'spec.cloudwatcharn']],
    ['a stray partition that was there', { ...goodSpec, targetarn: 'arn:aws-cn:s3:::my-bucket', suspend: true }, { ...goodSpec, targetarn: 'arn:aws-cn:s3:::my-bucket' }, []],
    ['a stray partition, the bucket changed', { ...goodSpec, targetarn: 'arn:aws-cn:s3:::other' }, { ...goodSpec, targetarn: 'arn:aws-cn:s3:::my-bucket' }, ['spec.kmsarn', 'spec.cloudwatcharn']],
    ['a bad variable whose place moved', { ...goodSpec, env: [{ name: 'A' }, { name: 'a=b' }] }, { ...goodSpec, env: [{ name: 'a=b' }] }, []]
  ]
  for (const [name, spec, oldSpec, fields] of cases) t.strictSame(refused(spec, oldSpec), fields, name)
  t.match(validateTopicTen(topicTenRequest({ ...bad, suspend: true }, bad)), { allowed: true, warnings: [/^spec.replicas: /, /^spec.image: /, /^spec.targetarn: /] })
})

await t.test('deletions, and all that happens while one is under way, are allowed', async t => {
  const request = topicTenRequest(bad, goodSpec)
  t.strictSame(validateTopicTen(topicTenRequest(bad, goodSpec, { deletionTimestamp: '2026-11-24T00:00:00Z' })), accepted)
  t.strictSame(validateTopicTen({ ...request, operation: 'DELETE', object: null }), accepted)
  t.strictSame(validateTopicTen({ ...request, operation: 'CONNECT' }), accepted)
  t.strictSame(validateTopicTen(topicTenRequest(bad, bad)), accepted, 'an update of anything but the spec')
})

await t.test('what is no TopicTen is told so', async t => {
  const request = topicTenRequest(goodSpec)
  t.match(validateTopicTen({ ...request, object: null }), { allowed: false, code: 400, message: 'request.object is no object' })
  t.match(validateTopicTen({ ...request, kind: { ...request.kind, kind: 'Pod' } }), { allowed: false, code: 400, message: 'this webhook judges TopicTen objects, not Pod' })
  t.match(validateTopicTen({ ...request, object: { metadata: null } }), { allowed: false, code: 422, message: /^spec: found "nothing"/ })
})

await t.test('a hundred violations are told, the rest counted', async t => {
  const env = Array.from({ length: 100_000 }, (_, index) => index)
  t.equal(refused({ ...goodSpec, env }).length, 101)
  t.match(validateTopicTen(topicTenRequest({ ...goodSpec, env })), { message: /\nspec: and 101 more violations$/ })
  t.strictSame(refused({ ...goodSpec, env, suspend: true }, { ...goodSpec, env }), [], 'and those an old object has are known')
})
