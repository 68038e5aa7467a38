import fc from 'fast-check'
import t from 'tap'
import { formatArn, maxArnLength, parseParts, type ParsedArn } from '../../api/arn.ts'
import { crd } from '../../api/crd.ts'
import { keyForm, parseKeyArn } from '../../api/key-arn.ts'
import { parseLogGroupArn } from '../../api/log-group-arn.ts'
import { formatViolation, violations, warnings } from '../../api/rules.ts'
import type { Schema } from '../../api/schema.ts'
import { parseStorageArn } from '../../api/storage-arn.ts'
import type { ArnField } from '../../api/topicten.ts'
import { arnTable, specOfRow, type ArnRow } from '../fixtures/arn-table.ts'

const parsers: Record<ArnField, (text: unknown) => ParsedArn> = {
  targetarn: parseStorageArn, kmsarn: parseKeyArn, cloudwatcharn: parseLogGroupArn
}

/** The CRD's rule as a JavaScript expression: what of the table the API server keeps from the webhook. */
function passesCrd ({ field, value }: ArnRow): boolean {
  const schema = crd.spec.versions[0]!.schema.openAPIV3Schema.properties!['spec']!.properties![field]! as Schema & { maxLength: number }
  const [{ rule }] = schema['x-kubernetes-validations'] as [{ rule: string }]
  const pattern = /r'\(\?is\)(.*)'\)$/.exec(rule)![1]!
  return value !== '' && [...value].length <= schema.maxLength && new RegExp(pattern, 'is').test(value)
}

function refusals (row: ArnRow): string {
  return violations(specOfRow(row)).map(formatViolation).join('\n')
}

await t.test('the table of ARNs covers every verdict with at least 200 rows', async t => {
  t.ok(arnTable.length >= 200)
  t.strictSame([...new Set(arnTable.map(({ verdict }) => verdict))].sort(), ['accept', 'crd', 'warn', 'webhook'])
  t.equal(new Set(arnTable.map(({ field, value }) => `${field} ${value}`)).size, arnTable.length, 'no row is there twice')
})

await t.test('each ARN of the table meets its verdict, in its layer, with its words', async t => {
  for (const row of arnTable) {
    const name = `${row.verdict}: ${row.field} ${JSON.stringify(row.value).slice(0, 120)}`
    const found = refusals(row)
    if (row.verdict === 'crd') {
      t.ok(found !== '' && !passesCrd(row), name)
    } else if (row.verdict === 'webhook') {
      t.match(found, `spec.${row.field}: found "`, name)
      t.ok(found.includes(row.says) && passesCrd(row), name, { found, says: row.says })
    } else {
      const odd = warnings(specOfRow(row)).join('\n')
      t.ok(found === '' && passesCrd(row), name, { found })
      t.ok(row.verdict === 'warn' ? odd.includes(row.says) : !odd.includes('not among'), name, { odd })
    }
  }
})

await t.test('a refusal has only printable ASCII and stays short, whatever the ARN', async t => {
  for (const row of arnTable) t.match(refusals(row), /^[ -~\n]{0,1000}$/, row.value.slice(0, 60))
})

await t.test('an ARN that is accepted prints back unchanged, with its parts', async t => {
  for (const { field, value } of arnTable.filter(({ verdict }) => verdict === 'accept')) {
    const parsed = parsers[field](value)
    t.equal(parsed.ok && formatArn(parsed.arn), value)
  }
  t.strictSame(parseLogGroupArn('arn:aws:logs:eu-west-3:111122223333:log-group:/topicten:*'), {
    ok: true,
    arn: {
      text: 'arn:aws:logs:eu-west-3:111122223333:log-group:/topicten:*',
      partition: 'aws',
      service: 'logs',
      region: 'eu-west-3',
      account: '111122223333',
      kind: 'log-group',
      name: '/topicten'
    }
  })
})

await t.test('what is no text is refused by its type', async t => {
  const cases: [unknown, string][] = [
    [undefined, 'is missing'], [null, 'is missing'], [7, 'is a number instead of text'], [{}, 'is an object instead of text'],
    [[], 'is a list instead of text'], [true, 'is a boolean instead of text'], ['a'.repeat(maxArnLength + 1), 'is 2049 characters long; at most 2048 are allowed']
  ]
  for (const [value, fault] of cases) t.match(parseParts(value, keyForm), { ok: false, fault })
})

await t.test('what is no ARN is told apart from what it is', async t => {
  const cases: [string, string][] = [
    ['s3://my-bucket', 'an s3:// address'], ['https://x.example', 'is a URL'], ['alias/x', 'the name of a KMS alias'],
    ['1234abcd-12ab-34cd-56ef-1234567890ab', 'the id of a KMS key'], ['my-bucket', 'it does not begin with "arn:"'],
    ['arn:aws:kms:eu-west-3:111122223333:alias/x', 'an ARN of KMS, which belongs into spec.kmsarn'], ['arn:aws::::x', 'an empty service'],
    ['arn:aws:*:::x', 'a wildcard for the service'], ['arn:aws:sqs:::x', 'an ARN of the service "sqs", not of an S3 bucket or a DynamoDB table'],
    ['arn:aws:constructor:::x', 'the service "constructor"']
  ]
  for (const [value, fault] of cases) t.match(parseStorageArn(value), { ok: false, fault }, value)
})

/** Texts near the grammar: pieces of real ARNs, strange characters, and anything. */
const pieces = ['arn', 'aws', 'aws-cn', 's3', 'kms', 'logs', 'dynamodb', 'eu-west-3', 'cn-north-1', '111122223333', 'key', 'alias', 'table', 'log-group', '*', '',
  'bucket', '1234abcd-12ab-34cd-56ef-1234567890ab', '\n', '\u0000', '\u202e', '\u212a', ' ', '/', ':*']
const nearArn = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 9 }).map(parts => parts.join(':')),
  fc.tuple(fc.constantFrom(...arnTable.map(({ value }) => value)), fc.nat(80), fc.string({ unit: 'binary', maxLength: 3 }))
    .map(([value, at, text]) => value.slice(0, at) + text + value.slice(at)),
  fc.anything()
)

await t.test('parsers never throw, accept no control character, and print back what they accept', async t => {
  fc.assert(fc.property(nearArn, text => {
    for (const parse of Object.values(parsers)) {
      const parsed = parse(text)
      if (parsed.ok && (formatArn(parsed.arn) !== text || /[^!-~]/.test(text))) return false
      if (!parsed.ok && (parsed.fault === '' || parsed.expected === '')) return false
    }
    return true
  }), { numRuns: 5000 })
  t.pass('5000 texts')
})
