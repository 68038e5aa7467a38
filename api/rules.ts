// What a TopicTen's spec must hold beyond its schema: every violation at once, for the webhook to refuse and the reconciler
// to stall on.
import { unlistedRegion, type Arn, type ArnForm, type ParsedArn } from './arn.ts'
import { judgeEnv } from './env.ts'
import type { Fault, Violation } from './fault.ts'
import { judgeImage } from './image.ts'
import { keyForm, parseKeyArn } from './key-arn.ts'
import { logGroupForm, parseLogGroupArn } from './log-group-arn.ts'
import { judgeObjectName } from './object-name.ts'
import { judgeReference, referenceOf } from './reference.ts'
import { isListed, judgeRegion, partitionOfRegion } from './region.ts'
import { parseStorageArn, storageForm } from './storage-arn.ts'
import { escapeText, judgeText, typeName } from './text.ts'
import { arnFields, type ArnField, type ResolvedArns, type TopicTenSpec, type WrittenSpec } from './topicten.ts'

/** What each field takes, for people, and its parser: takes any junk. */
export const arnKinds: Record<ArnField, { form: ArnForm, parse: (text: unknown) => ParsedArn }> = {
  targetarn: { form: storageForm, parse: parseStorageArn },
  kmsarn: { form: keyForm, parse: parseKeyArn },
  cloudwatcharn: { form: logGroupForm, parse: parseLogGroupArn }
}

/** Everything that is wrong with a spec, in the order of its fields. Takes any junk; never throws. */
export function violations (spec: TopicTenSpec): Violation[] {
  return isSpec(spec) ? check(spec, parseArns(spec)) : [noSpec(spec)]
}

/** What is legal but odd: regions and accounts that differ, regions this version does not know. Empty when there are violations. */
export function warnings (spec: TopicTenSpec): string[] {
  return examine(spec).warnings
}

/** Violations and warnings at the price of one. */
export function examine (spec: TopicTenSpec): { violations: Violation[], warnings: string[] } {
  if (!isSpec(spec)) return { violations: [noSpec(spec)], warnings: [] }
  const arns = parseArns(spec)
  const violations = check(spec, arns)
  return { violations, warnings: violations.length > 0 ? [] : oddities(spec, arns) }
}

/** True for a fault of one of the ARNs, or between them; false for the rest of the spec, references included. */
export function isArnViolation ({ field }: Violation): boolean {
  return arnFields.some(name => field === `spec.${name}`)
}

/** Whether all three ARNs are in the spec itself. Only for a spec without violations. */
export function isWritten (spec: TopicTenSpec): spec is WrittenSpec {
  return arnFields.every(field => referenceOf(spec, field) === undefined)
}

const maxClause = 400

/** `spec.FIELD: found "…", which …; expected …`: the value escaped and at most 100 characters, each clause at most 400. */
export function formatViolation ({ field, found, fault, expected }: Violation): string {
  return `${field}: found "${escapeText(found)}", which ${fault.slice(0, maxClause)}; expected ${expected.slice(0, maxClause)}`
}

/**
 * What the webhook injects: the ARNs as written, and `spec.region`, else the table's region, else the key's.
 * Only for a spec without violations.
 */
export function resolveArns (spec: WrittenSpec): ResolvedArns {
  const { targetarn, kmsarn, cloudwatcharn } = spec
  return { targetarn, kmsarn, cloudwatcharn, region: spec.region ?? (regionOf(targetarn) || regionOf(kmsarn)) }
}

function regionOf (arn: string): string {
  return arn.split(':', 4)[3] ?? ''
}

function isSpec (spec: unknown): spec is TopicTenSpec {
  return typeof spec === 'object' && spec !== null && !Array.isArray(spec)
}

function noSpec (found: unknown): Violation {
  return { field: 'spec', found: typeName(found), fault: 'is no TopicTen spec', expected: 'an object with replicas, image and three ARNs' }
}

function check (spec: TopicTenSpec, arns: Arns): Violation[] {
  return checks.flatMap(check => check(spec, arns))
}

function oddities (spec: TopicTenSpec, arns: Arns): string[] {
  const odd: string[] = []
  const regions: Place[] = []
  const accounts: Place[] = []
  for (const field of arnFields) {
    const parsed = arns[field]
    if (parsed?.ok !== true) continue
    if (parsed.warning !== undefined) odd.push(`spec.${field}: ${parsed.warning}`)
    regions.push([field, parsed.arn.region])
    accounts.push([field, parsed.arn.account])
  }
  if (spec.region !== undefined) {
    regions.push(['region', spec.region])
    if (!isListed(spec.region)) odd.push(`spec.region: ${unlistedRegion(spec.region)}`)
  }
  return [...odd, ...differing('regions', regions), ...differing('accounts', accounts)]
}

/** Of those that are written. */
type Arns = Partial<Record<ArnField, ParsedArn>>
type Check = (spec: TopicTenSpec, arns: Arns) => Violation[]

const checks: readonly Check[] = [
  ({ replicas }) => judge('spec.replicas', replicas, judgeReplicas),
  ({ image }) => judge('spec.image', image, judgeImage),
  (spec, arns) => arnFields.flatMap(field => {
    const parsed = arns[field]
    return parsed === undefined ? judgeReference(spec, field) : brokenArn(spec, field, parsed)
  }),
  (spec, arns) => strayPartitions(spec, arns),
  ({ region }, arns) => region === undefined ? [] : judge('spec.region', region, value => judgeSpecRegion(value, arns)),
  spec => judgeEnv(spec),
  ({ serviceAccountName: name }) => name === undefined ? [] : judge('spec.serviceAccountName', name, judgeObjectName),
  ({ credentialsSecret: name }) => name === undefined ? [] : judge('spec.credentialsSecret', name, judgeObjectName)
]

function parseArns (spec: TopicTenSpec): Arns {
  const written = arnFields.filter(field => referenceOf(spec, field) === undefined)
  return Object.fromEntries(written.map(field => [field, arnKinds[field].parse(spec[field])]))
}

function judge (field: string, value: unknown, rule: (value: unknown) => Fault | undefined): Violation[] {
  const fault = rule(value)
  return fault === undefined ? [] : [{ field, found: describe(value), ...fault }]
}

function describe (value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : typeName(value)
}

function judgeReplicas (value: unknown): Fault | undefined {
  const expected = 'a whole number from 2 to 5'
  if (value === undefined || value === null) return { fault: 'is missing', expected }
  if (typeof value !== 'number') return { fault: `is ${typeName(value)} instead of a number`, expected }
  if (!Number.isInteger(value)) return { fault: 'is no whole number', expected }
  if (value < 2 || value > 5) return { fault: `is ${value < 2 ? 'too few' : 'too many'}`, expected }
  return undefined
}

function brokenArn (spec: TopicTenSpec, field: ArnField, parsed: ParsedArn): Violation[] {
  return parsed.ok ? [] : [{ field: `spec.${field}`, found: describe(spec[field]), fault: parsed.fault, expected: parsed.expected }]
}

/** Credentials are per partition, so no pod could use ARNs of two. Each ARN is held against the first that is sound. */
function strayPartitions (spec: TopicTenSpec, arns: Arns): Violation[] {
  const sound = arnFields.flatMap(field => {
    const parsed = arns[field]
    return parsed?.ok === true ? [{ field, arn: parsed.arn }] : []
  })
  const [first, ...others] = sound
  if (first === undefined) return []
  return others.filter(({ arn }) => arn.partition !== first.arn.partition).map(({ field, arn }) => ({
    field: `spec.${field}`,
    found: arn.text,
    // The other ARN is named whole: an update of either makes it another violation than the old object had.
    fault: `is in the partition ${arn.partition}, but spec.${first.field} ("${escapeText(first.arn.text)}") is in ${first.arn.partition}`,
    expected: 'all three ARNs in one partition, because credentials are valid in one only'
  }))
}

function judgeSpecRegion (value: unknown, arns: Arns): Fault | undefined {
  const expected = 'a region such as eu-west-3, or nothing'
  const unfit = judgeText(value, 64)
  if (unfit !== undefined || typeof value !== 'string') return { fault: unfit ?? 'is not text', expected }
  const partition = Object.values(arns).find((parsed): parsed is { ok: true, arn: Arn } => parsed.ok)?.arn.partition
  const verdict = judgeRegion(value, partition ?? partitionOfRegion(value) ?? 'aws')
  return typeof verdict === 'string' ? undefined : verdict
}

type Place = readonly [field: string, value: string]

/** A bucket's ARN has neither region nor account, so it differs from nothing. */
function differing (what: string, places: readonly Place[]): string[] {
  const given = places.filter(([, value]) => value !== '')
  if (given.every(([, value]) => value === given[0]?.[1])) return []
  return [`the ${what} differ: ${given.map(([field, value]) => `spec.${field} ${value}`).join(', ')}`]
}
