// Judges the name of an object that a TopicTen refers to.
import type { Fault } from './fault.ts'
import { typeName } from './text.ts'

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
export function judgeObjectName (value: unknown): Fault | undefined {
  const expected = 'a name of lower-case letters, digits, hyphens and dots, first and last a letter or digit, at most 253 characters'
  if (typeof value !== 'string') return { fault: `is ${typeName(value)} instead of a name`, expected }
  if (value === '') return { fault: 'is empty', expected: `${expected}, or no such field` }
  if (value.length > 253) return { fault: `is ${value.length} characters long`, expected }
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(value)) return { fault: 'is no object name', expected }
  return undefined
}
