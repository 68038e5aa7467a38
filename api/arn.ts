// The grammar all ARNs share: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; what a service's resource may be is told by
// bucket-arn.ts, table-arn.ts, key-arn.ts and log-group-arn.ts.
import { parse, validate } from '@aws-sdk/util-arn-parser'
import type { Fault } from './fault.ts'
import { isPartition, judgeRegion, partitionIds } from './region.ts'
import { judgeText } from './text.ts'

/** An ARN's six parts as written, cut at the first five colons; none of them is judged yet. */
export interface ArnParts {
  text: string
  partition: string
  service: string
  region: string
  account: string
  resource: string
}

export type ResourceKind = 'bucket' | 'table' | 'key' | 'alias' | 'log-group'

export interface Arn {
  /** Exactly what was parsed, and what is injected. */
  text: string
  partition: string
  service: 's3' | 'dynamodb' | 'kms' | 'logs'
  /** Empty for a bucket. */
  region: string
  /** Twelve digits; empty for a bucket. */
  account: string
  kind: ResourceKind
  /** Bucket, table, key id, alias without `alias/`, or log group without a final `:*`. */
  name: string
}

/** An ARN (with what is legal but odd about it), or the most specific thing that is wrong with the text. */
export type ParsedArn = { ok: true, arn: Arn, warning?: string } | ({ ok: false } & Fault)

/** What one field of a TopicTen takes. */
export interface ArnForm {
  /** For people: "a KMS key or alias". */
  what: string
  /** For people: the ARN's form. */
  form: string
  services: readonly string[]
}

export const maxArnLength = 2048

/** Prints an ARN back, unchanged. */
export function formatArn (arn: Arn): string {
  return arn.text
}

export function refused (fault: string, expected: string): { ok: false } & Fault {
  return { ok: false, fault, expected }
}

/**
 * Takes a text apart and judges all that the ARNs of every service have in common, except region and account, which a
 * bucket has not. Never throws.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */
export function parseParts (text: unknown, form: ArnForm): { ok: true, parts: ArnParts } | ({ ok: false } & Fault) {
  const expected = form.form
  const unfit = judgeText(text, maxArnLength)
  if (unfit !== undefined || typeof text !== 'string') return refused(unfit ?? 'is not text', expected)
  if (!text.startsWith('arn:')) return refused(noArn(text), expected)
  if (!validate(text)) return refused(`has ${text.split(':').length} of the six parts of an ARN`, expected)
  const { partition, service, region, accountId: account, resource } = parse(text)
  const fault = judgePartition(partition)
  if (fault !== undefined) return refused(fault, `one of the partitions ${partitionIds.join(', ')}`)
  const alien = judgeService(service, form) ?? (resource === '' ? 'has nothing after the account: the resource is missing' : undefined)
  if (alien !== undefined) return refused(alien, expected)
  return { ok: true, parts: { text, partition, service, region, account, resource } }
}

/** Judges region and account of an ARN that has both. */
export function judgeWhere ({ partition, service, region, account }: ArnParts): Fault | 'listed' | 'unlisted' {
  if (/[*?]/.test(region)) return { fault: 'has a wildcard for the region, as IAM policies may', expected: 'the region of the one resource meant' }
  const verdict = judgeRegion(region, partition)
  if (typeof verdict === 'object') return verdict
  return judgeAccount(account, service) ?? verdict
}

/** The warning that goes with a region that is not in our list. */
export function unlistedRegion (region: string): string {
  return `the region ${region} is not among those known to this version; check its spelling`
}

const services: Record<string, string> = {
  s3: 'Amazon S3, which belongs into spec.targetarn',
  dynamodb: 'DynamoDB, which belongs into spec.targetarn',
  kms: 'KMS, which belongs into spec.kmsarn',
  logs: 'CloudWatch Logs, which belongs into spec.cloudwatcharn',
  cloudwatch: 'CloudWatch alarms and dashboards, whose log groups are of the service "logs"',
  's3-outposts': 'S3 on Outposts: not a general purpose bucket ARN',
  s3express: 'S3 Express, a directory bucket: not a general purpose bucket ARN',
  's3-object-lambda': 'S3 Object Lambda: not a general purpose bucket ARN',
  s3tables: 'S3 Tables: not a general purpose bucket ARN',
  s3vectors: 'S3 Vectors: not a general purpose bucket ARN',
  dax: 'DynamoDB Accelerator, a cache before a table and not the table'
}

function judgePartition (partition: string): string | undefined {
  if (isPartition(partition)) return undefined
  if (partition === '') return 'has an empty partition'
  if (/[*?]/.test(partition)) return 'has a wildcard for the partition'
  if (isPartition(partition.toLowerCase())) return `has upper-case letters in the partition "${partition}"`
  return `names the unknown partition "${partition}"`
}

function judgeService (service: string, form: ArnForm): string | undefined {
  if (form.services.includes(service)) return undefined
  if (service === '') return 'has an empty service'
  if (/[*?]/.test(service)) return 'has a wildcard for the service'
  if (form.services.includes(service.toLowerCase())) return `has upper-case letters in the service "${service}"`
  return `is an ARN of ${Object.hasOwn(services, service) ? services[service] : `the service "${service}"`}, not of ${form.what}`
}

function noArn (text: string): string {
  if (/^arn:/i.test(text)) return 'does not begin with "arn:" in lower case'
  if (/^s3:\/\//i.test(text)) return 'is an s3:// address instead of an ARN'
  if (/^[a-z]+:\/\//i.test(text)) return 'is a URL instead of an ARN'
  if (/^alias\//.test(text)) return 'is the name of a KMS alias instead of its ARN'
  if (/^(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(text)) return 'is the id of a KMS key instead of its ARN'
  return 'is no ARN: it does not begin with "arn:"'
}

function judgeAccount (account: string, service: string): Fault | undefined {
  if (/^[0-9]{12}$/.test(account)) return undefined
  const expected = 'the account id, exactly 12 digits'
  if (account === '') return { fault: 'has an empty account', expected }
  if (/[*?]/.test(account)) return { fault: 'has a wildcard for the account, as IAM policies may', expected }
  if (account === 'aws') return { fault: `names a resource that AWS itself owns in ${service}`, expected }
  if (/^[0-9]{4}-[0-9]{4}-[0-9]{4}$/.test(account)) return { fault: 'has hyphens in the account', expected: `${expected}: ${account.replaceAll('-', '')}` }
  if (/^[0-9]+$/.test(account)) return { fault: `has an account of ${account.length} digits`, expected: `${expected}, leading zeros included` }
  return { fault: `has "${account}" where the account belongs`, expected }
}
