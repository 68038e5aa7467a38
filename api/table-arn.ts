// What the resource of a DynamoDB ARN must be: a table, and nothing that belongs to one.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
import { judgeWhere, unlistedRegion, type ArnParts, type ParsedArn } from './arn.ts'
import type { Fault } from './fault.ts'

/** Judges a `dynamodb` ARN whose common parts are sound. */
export function parseTableArn (parts: ArnParts): ParsedArn {
  const { text, partition, region, account, resource } = parts
  const fault = judgeKind(parts)
  if (fault !== undefined) return { ok: false, ...fault }
  const where = judgeWhere(parts)
  if (typeof where === 'object') return { ok: false, ...where }
  const name = resource.slice('table/'.length)
  const nameFault = judgeTableName(name)
  if (nameFault !== undefined) return { ok: false, ...nameFault }
  return {
    ok: true,
    arn: { text, partition, service: 'dynamodb', region, account, kind: 'table', name },
    ...where === 'unlisted' && { warning: unlistedRegion(region) }
  }
}

/** What hangs on a table: `table/NAME/PART/…`. */
const partsOfTables = new Map([
  ['index', 'an index of a table'],
  ['stream', 'the stream of a table'],
  ['backup', 'a backup of a table'],
  ['export', 'an export of a table'],
  ['import', 'an import into a table']
])

function judgeKind ({ partition, resource }: ArnParts): Fault | undefined {
  const expected = `arn:${partition}:dynamodb:REGION:ACCOUNT:table/NAME`
  if (resource.startsWith('table/') && resource !== 'table/*') return judgeTail(resource, expected)
  if (resource === '*' || resource === 'table/*') return { fault: 'has a wildcard instead of a table, as IAM policies may', expected }
  if (resource.startsWith('global-table/')) return { fault: 'is the ARN of a global table', expected: `its replica table in one region, ${expected}` }
  if (resource.startsWith('table:')) return { fault: 'has a colon after "table" instead of a slash', expected }
  return { fault: `has the resource "${resource}", which is no table`, expected }
}

function judgeTail (resource: string, expected: string): Fault | undefined {
  const [, name = '', part] = resource.split('/')
  if (part === undefined) return undefined
  const table = `the table alone, ending table/${name}`
  if (part === '') return { fault: 'has a slash after the table name', expected: table }
  const known = partsOfTables.get(part)
  if (known === undefined) return { fault: `has "/${part}" after the table name`, expected }
  return { fault: `is the ARN of ${known}`, expected: table }
}

function judgeTableName (name: string): Fault | undefined {
  const expected = 'a table name of 3 to 255 letters, digits, underscores, hyphens and dots'
  if (name === '') return { fault: 'has an empty table name', expected }
  if (/[*?]/.test(name)) return { fault: 'has a wildcard in the table name, as IAM policies may', expected: 'the one table meant' }
  const strange = /[^a-zA-Z0-9_.-]/.exec(name)?.[0]
  if (strange !== undefined) return { fault: `has "${strange}" in the table name`, expected }
  if (name.length < 3 || name.length > 255) return { fault: `has a table name of ${name.length} characters`, expected }
  return undefined
}
