import fc from 'fast-check'
import t from 'tap'
import { escapeText } from '../../api/text.ts'
import { formatViolation, isArnViolation, resolveArns, violations, warnings } from '../../api/rules.ts'
import type { TopicTenSpec, WrittenSpec } from '../../api/topicten.ts'

const good: WrittenSpec = {
  replicas: 3,
  image: 'registry.example.com/team/app:1.4.2',
  targetarn: 'arn:aws:s3:::my-bucket',
  kmsarn: 'arn:aws:kms:eu-west-3:111122223333:alias/topicten',
  cloudwatcharn: 'arn:aws:logs:eu-west-3:111122223333:log-group:/topicten/prod:*'
}
const table = 'arn:aws:dynamodb:eu-west-1:111122223333:table/messages'

function faults (spec: object): string[] {
  return violations(spec as TopicTenSpec).map(({ field, fault }) => `${field} ${fault}`)
}

await t.test('a sound spec has no violations and no warnings', async t => {
  const all = { ...good, region: 'eu-west-3', env: [{ name: 'A', value: 'b' }, { name: 'my.var' }], serviceAccountName: 'sa', credentialsSecret: 'aws' }
  for (const spec of [good, all]) t.strictSame([violations(spec), warnings(spec)], [[], []])
})

await t.test('each fault beyond the ARNs is found in its field', async t => {
  const cases: [object, string[]][] = [
    [{ replicas: 1 }, ['spec.replicas is too few']], [{ replicas: 6 }, ['spec.replicas is too many']], [{ replicas: 2.5 }, ['spec.replicas is no whole number']],
    [{ replicas: NaN }, ['spec.replicas is no whole number']], [{ replicas: '3' }, ['spec.replicas is text instead of a number']], [{ replicas: undefined }, ['spec.replicas is missing']],
    [{ image: 'A' }, ['spec.image has upper-case letters in the repository "A"']],
    [{ region: 'cn-north-1' }, ['spec.region names the region cn-north-1 of the partition aws-cn in the partition aws']],
    [{ region: '' }, ['spec.region is empty']], [{ region: null }, ['spec.region is missing']], [{ region: 'eu-west-3a' }, ['spec.region names the availability zone eu-west-3a instead of a region']],
    [{ serviceAccountName: '' }, ['spec.serviceAccountName is empty']], [{ serviceAccountName: 'A' }, ['spec.serviceAccountName is no object name']], [{ serviceAccountName: 4 }, ['spec.serviceAccountName is a number instead of a name']],
    [{ credentialsSecret: 'a'.repeat(254) }, ['spec.credentialsSecret is 254 characters long']], [{ credentialsSecret: 'a_b' }, ['spec.credentialsSecret is no object name']],
    [{ env: Array.from({ length: 201 }, (_, index) => ({ name: `V${index}` })) }, ['spec.env has too many variables']],
    [{ env: {} }, ['spec.env is no list']], [{ env: [null] }, ['spec.env[0] is no variable']], [{ env: [{}] }, ['spec.env[0].name is no name']], [{ env: [{ name: '' }] }, ['spec.env[0].name is empty']],
    [{ env: [{ name: 'a=b' }] }, ['spec.env[0].name has a character that a variable may not have']],
    [{ env: [{ name: 'MY_POD_IP' }, { name: 'AWS_REGION' }] }, ['spec.env[0].name is set by the webhook that injects it', 'spec.env[1].name is set by the webhook that injects it']],
    [{ env: [{ name: 'A' }, { name: 'A' }] }, ['spec.env[1].name is set by spec.env[0] already']],
    [{ env: [{ name: 'AWS_ACCESS_KEY_ID' }] }, []], [{ env: [{ name: 'AWS_ACCESS_KEY_ID' }], credentialsSecret: 'aws' }, ['spec.env[0].name is set by spec.credentialsSecret']]
  ]
  for (const [change, expected] of cases) t.strictSame(faults({ ...good, ...change }), expected, JSON.stringify(change).slice(0, 90))
})

await t.test('all violations come at once, in the order of the fields', async t => {
  const spec = { replicas: 9, image: '', targetarn: 'xx', kmsarn: 'xx', cloudwatcharn: 'xx', region: 'x', env: 'x', serviceAccountName: '', credentialsSecret: '' }
  const found = violations(spec as unknown as TopicTenSpec)
  t.strictSame(found.map(({ field }) => field), Object.keys(spec).map(field => `spec.${field}`))
  t.strictSame(found.filter(isArnViolation).map(({ field }) => field), ['spec.targetarn', 'spec.kmsarn', 'spec.cloudwatcharn'])
})

await t.test('ARNs of two partitions are refused, each held against the first', async t => {
  const spec = { ...good, targetarn: 'arn:aws-cn:s3:::my-bucket' }
  t.strictSame(faults(spec), [
    'spec.kmsarn is in the partition aws, but spec.targetarn ("arn:aws-cn:s3:::my-bucket") is in aws-cn',
    'spec.cloudwatcharn is in the partition aws, but spec.targetarn ("arn:aws-cn:s3:::my-bucket") is in aws-cn'
  ])
  t.strictSame(faults({ ...spec, targetarn: 'bucket' }), ['spec.targetarn is no ARN: it does not begin with "arn:"'], 'an ARN that is none has no partition')
})

await t.test('regions and accounts that differ, and regions nobody knows, are warned of', async t => {
  const cases: [object, string[]][] = [
    [{ targetarn: table }, ['the regions differ: spec.targetarn eu-west-1, spec.kmsarn eu-west-3, spec.cloudwatcharn eu-west-3']],
    [{ region: 'eu-west-2' }, ['the regions differ: spec.kmsarn eu-west-3, spec.cloudwatcharn eu-west-3, spec.region eu-west-2']],
    [{ kmsarn: 'arn:aws:kms:eu-west-3:444455556666:alias/x' }, ['the accounts differ: spec.kmsarn 444455556666, spec.cloudwatcharn 111122223333']],
    [{ kmsarn: 'arn:aws:kms:eu-west-9:111122223333:alias/x', cloudwatcharn: good.cloudwatcharn.replace('west-3', 'west-9'), region: 'eu-west-9' }, [
      'spec.kmsarn: the region eu-west-9 is not among those known to this version; check its spelling',
      'spec.cloudwatcharn: the region eu-west-9 is not among those known to this version; check its spelling',
      'spec.region: the region eu-west-9 is not among those known to this version; check its spelling']],
    [{ kmsarn: 'xx' }, []]
  ]
  for (const [change, expected] of cases) t.strictSame(warnings({ ...good, ...change }), expected, JSON.stringify(change))
})

await t.test('the region is the spec\'s, else the table\'s, else the key\'s', async t => {
  const { targetarn, kmsarn, cloudwatcharn } = good
  t.strictSame(resolveArns(good), { targetarn, kmsarn, cloudwatcharn, region: 'eu-west-3' })
  t.equal(resolveArns({ ...good, targetarn: table }).region, 'eu-west-1')
  t.equal(resolveArns({ ...good, targetarn: table, region: 'eu-west-2' }).region, 'eu-west-2')
})

await t.test('a violation names field, value, fault and what would be right; the value escaped and cut', async t => {
  const violation = { field: 'spec.image', found: 'a"b\n\u001b[31m\u202e\ud800', fault: 'is wrong', expected: 'another' }
  t.equal(formatViolation(violation), 'spec.image: found "a\\"b\\n\\u{1b}[31m\\u{202e}\\u{d800}", which is wrong; expected another')
  t.equal(escapeText('x'.repeat(100)), 'x'.repeat(100))
  t.equal(escapeText('x'.repeat(101)), `${'x'.repeat(97)}...`)
  for (const text of ['\u202e'.repeat(50), 'x'.repeat(98) + '\u202e', '\r\t\\']) t.ok(escapeText(text).length <= 100)
  t.equal(escapeText('\r\t\\'), '\\r\\t\\\\')
})

await t.test('junk of any shape has violations and never throws', async t => {
  for (const junk of [undefined, null, 'x', [], 7]) t.match(violations(junk as never), [{ field: 'spec' }])
  const field = fc.oneof(fc.anything(), fc.string({ unit: 'binary' }))
  const spec = fc.record(Object.fromEntries(['replicas', 'image', 'targetarn', 'kmsarn', 'cloudwatcharn', 'region', 'env', 'serviceAccountName', 'credentialsSecret']
    .map(name => [name, field])), { requiredKeys: [] })
  fc.assert(fc.property(spec, value => {
    const found = violations(value as unknown as TopicTenSpec)
    warnings(value as unknown as TopicTenSpec)
    return found.length > 0 && found.every(violation => /^[ -~]{1,1000}$/.test(formatViolation(violation)))
  }), { numRuns: 3000 })
})
