import t from 'tap'
import { parseOptions, usage } from '../../../workload/reader/options.ts'

const bucket = 'arn:aws:s3:::messages-of-ours'
const table = 'arn:aws:dynamodb:eu-west-1:123456789012:table/messages'
const key = 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const group = 'arn:aws:logs:eu-west-3:123456789012:log-group:/topicten:*'
const variables = { STORAGE_ARN: bucket, AWS_KMS_ARN: key, AWS_LOG_GROUP_ARN: group }
const subject = ['--namespace', 'shop', '--name', 'demo']
const now = Date.parse('2026-08-01T12:00:00Z')

await t.test('what is not given comes from the environment or has its default', async t => {
  t.match(parseOptions(subject, variables, now), {
    storage: { text: bucket, kind: 'bucket' },
    key: { text: key },
    logGroup: { text: group, name: '/topicten' },
    namespace: 'shop',
    name: 'demo',
    layout: 'objects',
    pageMessages: 100,
    since: undefined,
    region: undefined,
    json: false,
    forcePathStyle: false
  })
  const env = { ...variables, AWS_REGION: 'eu-west-2', STORAGE_LAYOUT: 'page', PAGE_MESSAGES: '7', S3_FORCE_PATH_STYLE: 'true' }
  t.match(parseOptions(subject, env, now), { region: 'eu-west-2', layout: 'page', pageMessages: 7, forcePathStyle: true })
})

await t.test('an option goes before its variable', async t => {
  const args = [...subject, '--storage', table, '--region=eu-west-1', '--layout=objects', '--since', '2h', '--json', '--force-path-style']
  const env = { ...variables, STORAGE_ARN: 'junk', AWS_REGION: 'junk', STORAGE_LAYOUT: 'junk' }
  t.match(parseOptions(args, env, now), {
    storage: { text: table, kind: 'table' },
    region: 'eu-west-1',
    layout: 'objects',
    since: now - 2 * 3_600_000,
    json: true,
    forcePathStyle: true
  })
})

await t.test('the region is the bucket\'s, and does not matter for a table', async t => {
  t.match(parseOptions([...subject, '--storage', table], { ...variables, AWS_REGION: 'cn-north-1' }, now), { storage: { kind: 'table' } })
})

await t.test('help is given whatever else is wrong', async t => {
  t.equal(parseOptions(['--help'], {}, now), 'help')
  t.equal(parseOptions(['-h', '--since', 'never'], {}, now), 'help')
})

await t.test('what cannot be used is named with what would be right', async t => {
  const cases: [string[], Record<string, string>, RegExp][] = [
    [['--name=a'], {}, /^--namespace is missing; expected the TopicTen's namespace$/],
    [['--namespace=a'], {}, /^--name is missing; expected the TopicTen's name$/],
    [['--namespace=A_b', '--name=a'], {}, /^--namespace: found "A_b"; expected the TopicTen's namespace, lower-case/],
    [['--namespace=a', `--name=${'n'.repeat(64)}`], {}, /^--name: found "n+"; expected .* at most 63 characters$/],
    [[...subject, '--storage='], {}, /^--storage is missing, and so is the variable STORAGE_ARN; expected an ARN$/],
    [[...subject, '--key', bucket], {}, /^--key: found "arn:aws:s3.*", which is an ARN of Amazon S3/],
    [subject, { AWS_LOG_GROUP_ARN: 'x\u001b[31m' }, /^AWS_LOG_GROUP_ARN: found "x\\u\{1b\}\[31m", which contains the control character/],
    [[...subject, '--layout', 'html'], {}, /^--layout: found "html"; expected objects or page$/],
    [subject, { STORAGE_LAYOUT: 'html' }, /^STORAGE_LAYOUT: found "html"; expected objects or page$/],
    [subject, { PAGE_MESSAGES: '0' }, /^PAGE_MESSAGES: found "0"; expected a whole number, at least 1$/],
    [[...subject, '--since', 'yesterday'], {}, /^--since: found "yesterday"; expected a duration such as 90s/],
    [[...subject, '--region', 'cn-north-1'], {}, /^--region \(or AWS_REGION\): found "cn-north-1", which names the region/],
    [[...subject, '--storage', table, '--layout=page'], {}, /^--layout .* found "page" with a table; expected objects, or a bucket$/],
    [[...subject, '--storage', 'arn:aws-cn:s3:::messages'], {}, /are in the partitions aws-cn, aws, aws; expected one partition$/],
    [[...subject, '--fast'], {}, /^Unknown option '--fast'/],
    [[...subject, 'now'], {}, /^Unexpected argument 'now'/],
    [[...subject, '--since'], {}, /^Option '--since <value>' argument missing$/]
  ]
  for (const [args, env, message] of cases) {
    t.throws(() => parseOptions(args, { ...variables, ...env }, now), { name: 'UsageError', message }, args.join(' '))
  }
})

await t.test('all that is wrong is named at once', async t => {
  t.throws(() => parseOptions([], {}, now), { message: /^--storage .*\n--key .*\n--log-group .*\n--namespace .*\n--name .*$/ })
})

await t.test('the usage names every option and exit code', async t => {
  t.strictSame([...new Set(usage.match(/--[a-z-]+/g)?.filter(name => name !== '--'))], [
    '--namespace', '--name', '--storage', '--key', '--log-group', '--region', '--layout', '--since', '--json', '--force-path-style', '--help'
  ])
  for (const code of [0, 1, 2, 3]) t.match(usage, new RegExp(`\\b${code} `))
})
