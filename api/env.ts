// Judges spec.env: names that a container may have, none of them ours.
import { credentialVariables, injectedVariables } from './names.ts'
import type { Violation } from './fault.ts'
import { escapeText, typeName } from './text.ts'
import type { TopicTenSpec } from './topicten.ts'

const setBy = new Map<string, string>(injectedVariables.map(name => [name, 'the webhook that injects it']))

const insteadOf: Record<string, string> = {
  STORAGE_ARN: 'the ARN in spec.targetarn',
  AWS_KMS_ARN: 'the ARN in spec.kmsarn',
  AWS_LOG_GROUP_ARN: 'the ARN in spec.cloudwatcharn',
  AWS_REGION: 'the region in spec.region'
}

/** As many variables as the CRD takes; more than that only junk has, and no time is spent on it. */
export const maxVariables = 200

/** Every violation of spec.env. Takes any junk; never throws. */
export function judgeEnv ({ env, credentialsSecret }: TopicTenSpec): Violation[] {
  const list: unknown = env
  if (list === undefined) return []
  if (!Array.isArray(list)) return [{ field: 'spec.env', found: typeName(list), fault: 'is no list', expected: 'a list of variables, each with a name' }]
  const taken = new Map(setBy)
  if (credentialsSecret !== undefined) for (const name of credentialVariables) taken.set(name, 'spec.credentialsSecret')
  const found = list.slice(0, maxVariables).flatMap((item: unknown, index) => judgeVariable(item, index, taken) ?? [])
  return list.length <= maxVariables ? found : [...found, tooMany(list.length)]
}

function tooMany (count: number): Violation {
  return { field: 'spec.env', found: `a list of ${count}`, fault: 'has too many variables', expected: `at most ${maxVariables}` }
}

/** Remembers each name in `taken`, so that the second of two is the one that is refused. */
function judgeVariable (item: unknown, index: number, taken: Map<string, string>): Violation | undefined {
  const field = `spec.env[${index}].name`
  const expected = 'a name of printable ASCII characters without ='
  if (typeof item !== 'object' || item === null) return { field: `spec.env[${index}]`, found: typeName(item), fault: 'is no variable', expected: 'an object with a name' }
  const name: unknown = 'name' in item ? item.name : undefined
  if (typeof name !== 'string') return { field, found: typeName(name), fault: 'is no name', expected }
  if (!/^[ -<>-~]+$/.test(name)) return { field, found: name, fault: name === '' ? 'is empty' : 'has a character that a variable may not have', expected }
  const owner = taken.get(name)
  taken.set(name, owner ?? `spec.env[${index}] already`)
  if (owner === undefined) return undefined
  return { field, found: name, fault: `is set by ${owner}`, expected: insteadOf[escapeText(name)] ?? 'another name' }
}
