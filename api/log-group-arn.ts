// What the resource of a CloudWatch Logs ARN must be: a log group, with or without the `:*` that AWS prints behind it.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
import { judgeWhere, parseParts, unlistedRegion, type ArnForm, type ArnParts, type ParsedArn } from './arn.ts'
import type { Fault } from './fault.ts'

export const logGroupForm: ArnForm = {
  what: 'a CloudWatch Logs group',
  form: 'arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME, with or without :* behind it',
  services: ['logs']
}

const start = 'log-group:'

/** Parses the ARN of a log group; `name` is without the final `:*`. Never throws. */
export function parseLogGroupArn (text: unknown): ParsedArn {
  const found = parseParts(text, logGroupForm)
  if (!found.ok) return found
  const { partition, region, account, resource } = found.parts
  const where = judgeWhere(found.parts)
  if (typeof where === 'object') return { ok: false, ...where }
  const [name = '', ...tail] = resource.slice(start.length).split(':')
  const fault = judgeKind(found.parts) ?? judgeTail(name, tail.join(':'), tail.length > 0) ?? judgeGroupName(name)
  if (fault !== undefined) return { ok: false, ...fault }
  return {
    ok: true,
    arn: { text: found.parts.text, partition, service: 'logs', region, account, kind: 'log-group', name },
    ...where === 'unlisted' && { warning: unlistedRegion(region) }
  }
}

function judgeKind ({ partition, region, account, resource }: ArnParts): Fault | undefined {
  if (resource.startsWith(start)) return undefined
  const expected = `arn:${partition}:logs:${region}:${account}:log-group:NAME`
  if (resource === '*') return { fault: 'has a wildcard instead of a log group, as IAM policies may', expected }
  if (resource.startsWith('log-group/')) return { fault: 'has a slash after "log-group" instead of a colon', expected }
  if (resource === 'log-group') return { fault: 'has no name after "log-group"', expected }
  if (resource.startsWith('log-stream:')) return { fault: 'is the ARN of a log stream without its group', expected }
  if (resource.startsWith('destination:')) return { fault: 'is the ARN of a log destination', expected }
  return { fault: `has the resource "${resource}", which is no log group`, expected }
}

function judgeTail (name: string, tail: string, colon: boolean): Fault | undefined {
  if (!colon || tail === '*') return undefined
  const expected = `the group alone, ending ${start}${name}`
  if (tail === '') return { fault: 'has a colon with nothing after the log group', expected }
  if (tail.startsWith('log-stream:')) return { fault: 'is the ARN of a log stream instead of its group', expected }
  if (tail === '*:*') return { fault: 'has :* twice after the log group', expected }
  return { fault: `has ":${tail}" after the log group`, expected }
}

function judgeGroupName (name: string): Fault | undefined {
  const expected = 'a log group name of 1 to 512 letters, digits and the characters . - _ / #'
  if (name === '') return { fault: 'has an empty log group name', expected }
  if (/[*?]/.test(name)) return { fault: 'has a wildcard in the log group name, as IAM policies may', expected: 'the one log group meant' }
  const strange = /[^.\-_/#A-Za-z0-9]/.exec(name)?.[0]
  if (strange !== undefined) return { fault: `has "${strange}" in the log group name`, expected }
  if (name.length > 512) return { fault: `has a log group name of ${name.length} characters`, expected }
  if (name.startsWith('aws/')) return { fault: 'has a log group name that begins aws/, which is reserved', expected: `${expected}; /aws/ is the beginning of AWS's own groups` }
  return undefined
}
