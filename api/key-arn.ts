// What the resource of a KMS ARN must be: a key or an alias.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
import { judgeWhere, parseParts, unlistedRegion, type ArnForm, type ArnParts, type ParsedArn } from './arn.ts'
import type { Fault } from './fault.ts'

export const keyForm: ArnForm = {
  what: 'a KMS key or alias',
  form: 'arn:PARTITION:kms:REGION:ACCOUNT:key/KEY-ID or arn:PARTITION:kms:REGION:ACCOUNT:alias/NAME',
  services: ['kms']
}

/** Parses the ARN of a KMS key or alias. Never throws. */
export function parseKeyArn (text: unknown): ParsedArn {
  const found = parseParts(text, keyForm)
  if (!found.ok) return found
  const { partition, region, account, resource } = found.parts
  const fault = judgeKind(found.parts)
  if (fault !== undefined) return { ok: false, ...fault }
  const where = judgeWhere(found.parts)
  if (typeof where === 'object') return { ok: false, ...where }
  const kind = resource.startsWith('key/') ? 'key' : 'alias'
  const name = resource.slice(kind.length + 1)
  const nameFault = kind === 'key' ? judgeKeyId(name) : judgeAlias(name)
  if (nameFault !== undefined) return { ok: false, ...nameFault }
  return {
    ok: true,
    arn: { text: found.parts.text, partition, service: 'kms', region, account, kind, name },
    ...where === 'unlisted' && { warning: unlistedRegion(region) }
  }
}

function judgeKind ({ partition, region, account, resource }: ArnParts): Fault | undefined {
  if (resource.startsWith('key/') || resource.startsWith('alias/')) return undefined
  const start = `arn:${partition}:kms:${region || 'REGION'}:${account || 'ACCOUNT'}:`
  const expected = `${start}key/KEY-ID or ${start}alias/NAME`
  if (resource === '*') return { fault: 'has a wildcard instead of a key, as IAM policies may', expected }
  if (/^(key|alias):/.test(resource)) return { fault: `has a colon after "${resource.split(':', 1)[0]}" instead of a slash`, expected }
  if (/^(key|alias)$/.test(resource)) return { fault: `has the word "${resource}" without a slash and a name`, expected }
  if (keyId.test(resource)) return { fault: 'has a key id without "key/" before it', expected: `${start}key/${resource}` }
  return { fault: `has the resource "${resource}", which is neither a key nor an alias`, expected }
}

// AWS's own example ids are not of RFC 4122's version 4: version and variant are not judged.
const keyId = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/

function judgeKeyId (id: string): Fault | undefined {
  if (keyId.test(id)) return undefined
  const expected = 'a key id as KMS prints it, 1234abcd-12ab-34cd-56ef-1234567890ab, or mrk- and 32 hexadecimal digits'
  if (id === '') return { fault: 'has an empty key id', expected }
  if (/[*?]/.test(id)) return { fault: 'has a wildcard for the key id, as IAM policies may', expected: 'the one key meant' }
  if (keyId.test(id.toLowerCase())) return { fault: `has upper-case letters in the key id "${id}"`, expected: `the key id in lower case, ${id.toLowerCase()}` }
  if (id.includes('/')) return { fault: 'has a slash after the key id', expected: 'nothing after the key id' }
  if (id.includes(':')) return { fault: 'has a colon after the key id', expected: 'nothing after the key id' }
  if (id.startsWith('mrk-')) return { fault: `has the multi-Region key id "${id}"`, expected: 'mrk- and 32 lower-case hexadecimal digits without hyphens' }
  if (/^[0-9a-f]{32}$/.test(id)) return { fault: `has the key id "${id}" without its hyphens`, expected }
  return { fault: `has the key id "${id}"`, expected }
}

function judgeAlias (name: string): Fault | undefined {
  const expected = 'alias/ and letters, digits, slashes, underscores and hyphens, at most 256 characters in all'
  if (name === '') return { fault: 'has an empty alias name', expected }
  if (/[*?]/.test(name)) return { fault: 'has a wildcard in the alias name, as IAM policies may', expected: 'the one alias meant' }
  if (name === 'aws' || name.startsWith('aws/')) return { fault: `names "alias/${name}"; alias/aws/ is reserved for keys that AWS manages, which only its own services may use`, expected: 'an alias or key of your own' }
  const strange = /[^a-zA-Z0-9/_-]/.exec(name)?.[0]
  if (strange !== undefined) return { fault: `has "${strange}" in the alias name`, expected }
  if (name.length + 'alias/'.length > 256) return { fault: `has an alias name of ${name.length + 'alias/'.length} characters with alias/`, expected }
  return undefined
}
