// What the resource of an S3 ARN must be: the name of a general purpose bucket, and nothing after it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
import { refused, type ArnParts, type ParsedArn } from './arn.ts'
import type { Fault } from './fault.ts'
import { partitionOfRegion } from './region.ts'

/** Judges an `s3` ARN whose common parts are sound. */
export function parseBucketArn (parts: ArnParts): ParsedArn {
  const { text, partition, region, account, resource } = parts
  const fault = judgeResource(parts) ?? judgeEmptyWhere(parts) ?? judgeBucketName(resource, partition)
  if (fault !== undefined) return { ok: false, ...fault }
  if (resource.endsWith('-an') && !accountRegional(resource, partition)) {
    return refused(`has the bucket name "${resource}", whose ending -an is reserved for names in an account's own namespace`,
      'PREFIX-ACCOUNT-REGION-an, or another name')
  }
  return { ok: true, arn: { text, partition, service: 's3', region, account, kind: 'bucket', name: resource } }
}

function bucketForm (partition: string): string {
  return `arn:${partition}:s3:::BUCKET`
}

/** What else an S3 ARN may name. */
const otherResources: readonly [RegExp, string][] = [
  [/^accesspoint[/:].*\.mrap$/, 'a multi-Region access point'],
  [/^accesspoint[/:]/, 'an access point'],
  [/^outpost[/:]/, 'a bucket on an Outpost'],
  [/^job[/:]/, 'a Batch Operations job'],
  [/^storage-lens(-group)?[/:]/, 'a Storage Lens configuration'],
  [/^access-grants[/:]/, 'an S3 Access Grants instance'],
  [/^bucket[/:]/, 'a directory or Outposts bucket']
]

function judgeResource ({ partition, region, account, resource }: ArnParts): Fault | undefined {
  const other = region === '' && account === '' ? undefined : otherResources.find(([form]) => form.test(resource))
  if (other !== undefined) return { fault: `is the ARN of ${other[1]}: not a general purpose bucket ARN`, expected: bucketForm(partition) }
  const slash = resource.indexOf('/')
  if (slash >= 0) return judgeObject(resource, slash, partition)
  if (resource === '*') return { fault: 'has a wildcard instead of a bucket, as IAM policies may', expected: bucketForm(partition) }
  if (/[*?]/.test(resource)) return { fault: 'has a wildcard in the bucket name, as IAM policies may', expected: 'the one bucket meant' }
  if (resource.includes(':')) return { fault: `has a colon in the bucket name "${resource}"`, expected: bucketForm(partition) }
  return undefined
}

function judgeObject (resource: string, slash: number, partition: string): Fault {
  const bucket = `the bucket alone, ${bucketForm(partition).replace('BUCKET', () => resource.slice(0, slash) || 'BUCKET')}`
  const key = resource.slice(slash + 1)
  if (slash === 0) return { fault: 'has an empty bucket name before the slash', expected: bucket }
  if (key === '') return { fault: 'ends with a slash after the bucket', expected: bucket }
  if (/[*?]/.test(key)) return { fault: 'is a wildcard for objects of the bucket, as IAM policies have it', expected: bucket }
  return { fault: 'is the ARN of an object in a bucket instead of the bucket', expected: bucket }
}

function judgeEmptyWhere ({ partition, region, account }: ArnParts): Fault | undefined {
  if (region !== '') return { fault: `has the region "${region}", but a bucket ARN has none`, expected: `${bucketForm(partition)}, and the region in spec.region` }
  if (account !== '') return { fault: `has the account "${account}", but a bucket ARN has none`, expected: bucketForm(partition) }
  return undefined
}

const reservedStarts: readonly [string, string][] = [
  ['xn--', 'internationalised host names'],
  ['sthree-', 'AWS'],
  ['amzn-s3-demo-', 'documentation']
]

const reservedEnds: readonly [string, string][] = [
  ['-s3alias', 'access point aliases'],
  ['--ol-s3', 'Object Lambda access point aliases'],
  ['.mrap', 'multi-Region access points'],
  ['--x-s3', 'directory buckets'],
  ['--table-s3', 'table buckets']
]

/** Each check is named by the fault it finds; the first that finds one speaks. */
const nameChecks: readonly ((name: string, partition: string) => string | undefined)[] = [
  name => name === 'amzn-s3-demo-bucket' ? 'is the bucket "amzn-s3-demo-bucket" that AWS prints in its documentation, which nobody can own' : undefined,
  (name, partition) => looksLegacy(name) ? `has the bucket name "${name}" with ${legacyPart(name)}${partition === 'aws' ? '; us-east-1 allowed that before March 2018, topicten does not support such legacy names' : ''}` : undefined,
  name => name.length < 3 ? `has a bucket name of ${name.length} characters` : undefined,
  name => name.length > 63 ? `has a bucket name of ${name.length} characters` : undefined,
  name => strangeIn(name),
  name => /^[.-]/.test(name) ? `has the bucket name "${name}", which begins with "${name.slice(0, 1)}"` : undefined,
  name => /[.-]$/.test(name) ? `has the bucket name "${name}", which ends with "${name.slice(-1)}"` : undefined,
  name => name.includes('..') ? `has the bucket name "${name}" with two dots in a row` : undefined,
  name => /\.-|-\./.test(name) ? `has the bucket name "${name}" with a hyphen next to a dot` : undefined,
  name => /^\d+\.\d+\.\d+\.\d+$/.test(name) ? `has the bucket name "${name}", which has the form of an IP address` : undefined,
  name => reserved(name, reservedStarts, 'beginning', (text, start) => text.startsWith(start)),
  name => reserved(name, reservedEnds, 'ending', (text, end) => text.endsWith(end))
]

const nameRule = 'a bucket name of 3 to 63 lower-case letters, digits, hyphens and dots, first and last a letter or digit'

function judgeBucketName (name: string, partition: string): Fault | undefined {
  for (const check of nameChecks) {
    const fault = check(name, partition)
    if (fault !== undefined) return { fault, expected: name.startsWith('amzn-s3-demo-') ? 'the ARN of a bucket of your own' : nameRule }
  }
  return undefined
}

function looksLegacy (name: string): boolean {
  return /^[A-Za-z0-9._-]{3,255}$/.test(name) && /[A-Z_]/.test(name)
}

function legacyPart (name: string): string {
  return /[A-Z]/.test(name) ? 'upper-case letters' : 'an underscore'
}

function strangeIn (name: string): string | undefined {
  const strange = /[^a-z0-9.-]/.exec(name)?.[0]
  return strange === undefined ? undefined : `has "${strange}" in the bucket name`
}

type Has = (name: string, affix: string) => boolean

function reserved (name: string, affixes: readonly [string, string][], place: string, has: Has): string | undefined {
  const found = affixes.find(([affix]) => has(name, affix))
  return found === undefined ? undefined : `has the bucket name "${name}", whose ${place} ${found[0]} is reserved for ${found[1]}`
}

/** `PREFIX-ACCOUNT-REGION-an`, the form that CreateBucket demands in the account regional namespace. */
function accountRegional (name: string, partition: string): boolean {
  const region = /^[a-z0-9][a-z0-9.-]*-\d{12}-([a-z]+(?:-[a-z]+)+-\d{1,2})-an$/.exec(name)?.[1]
  return region !== undefined && partitionOfRegion(region) === partition
}
