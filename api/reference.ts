// Where a TopicTen's ARN is found that is not written into it: at a field of another object, or under a key of a ConfigMap, both of the
// TopicTen's own namespace. Judges references; following them is the reconciler's.
import type { Violation } from './fault.ts'
import { judgeObjectName } from './object-name.ts'
import { typeName } from './text.ts'
import type { ArnField, ArnReference, TopicTenSpec } from './topicten.ts'

/** Where a managed resource of Crossplane has its ARN. */
export const defaultFieldPath = 'status.atProvider.arn'

/** A text's form, for the API server (RE2) and for us. `longest` characters at most. */
interface Form {
  pattern: string
  expected: string
  longest: number
}

export const forms = {
  apiVersion: {
    pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?/v[0-9][a-z0-9]*$',
    expected: 'an API group and version such as dynamodb.aws.m.upbound.io/v1beta1; of the core kinds a ConfigMap is referred to by configMapKeyRef, a Secret never',
    longest: 317
  },
  kind: { pattern: '^[A-Z][A-Za-z0-9]*$', expected: 'a kind such as Table', longest: 63 },
  fieldPath: {
    pattern: '^[A-Za-z_][A-Za-z0-9_-]*([.][A-Za-z_][A-Za-z0-9_-]*)*$',
    expected: `dotted names such as ${defaultFieldPath}, without indexes`,
    longest: 256
  },
  key: { pattern: '^[A-Za-z0-9._-]+$', expected: 'a key of a ConfigMap: letters, digits, - _ and .', longest: 253 }
} as const satisfies Record<string, Form>

/** The words that the API server and we have for both, and for neither. */
export const oneOfArn = (field: ArnField): string => `expected exactly one of ${field}, the ARN itself, and ${field}From, where it is found`
export const oneOfReference = 'expected exactly one of resourceRef and configMapKeyRef'
export const ownNamespace = "reaches into another namespace; expected no namespace: an ARN is found in the TopicTen's own"

/** The reference of a field; undefined where the ARN is written. Takes any junk. */
export function referenceOf (spec: TopicTenSpec, field: ArnField): ArnReference | undefined {
  return spec[`${field}From`] ?? undefined
}

/** Every violation of a field's reference. Takes any junk; never throws. */
export function judgeReference (spec: TopicTenSpec, name: ArnField): Violation[] {
  const field = `spec.${name}From`
  const reference: unknown = referenceOf(spec, name)
  if (!isRecord(reference)) return [{ field, found: typeName(reference), fault: 'is no reference', expected: 'an object with resourceRef or configMapKeyRef' }]
  const both = spec[name] === undefined ? [] : [{ field, found: 'an object', fault: `stands beside spec.${name}`, expected: 'one of the two' }]
  const { resourceRef, configMapKeyRef } = reference
  if ((resourceRef === undefined) === (configMapKeyRef === undefined)) {
    const found = resourceRef === undefined ? 'neither' : 'both'
    return [...both, { field, found, fault: 'names no one place', expected: oneOfReference.replace('expected ', '') }]
  }
  return [...both, ...(resourceRef === undefined
    ? judgeParts(`${field}.configMapKeyRef`, configMapKeyRef, ['name', 'key'])
    : judgeParts(`${field}.resourceRef`, resourceRef, ['apiVersion', 'kind', 'name', 'fieldPath']))]
}

function judgeParts (field: string, found: unknown, names: Array<keyof typeof forms | 'name'>): Violation[] {
  if (!isRecord(found)) return [{ field, found: typeName(found), fault: 'is no reference', expected: 'an object' }]
  const parts = names.filter(name => name !== 'fieldPath' || found[name] !== undefined)
  const faults = parts.flatMap(name => judgePart(`${field}.${name}`, name, found[name]))
  if (found['namespace'] === undefined) return faults
  const [fault = '', expected = ''] = ownNamespace.split('; expected ')
  return [...faults, { field: `${field}.namespace`, found: shown(found['namespace']), fault, expected }]
}

function judgePart (field: string, name: keyof typeof forms | 'name', value: unknown): Violation[] {
  if (name === 'name') {
    const fault = judgeObjectName(value)
    return fault === undefined ? [] : [{ field, found: shown(value), ...fault }]
  }
  const { pattern, expected, longest } = forms[name]
  const right = typeof value === 'string' && value.length <= longest && new RegExp(pattern).test(value)
  return right ? [] : [{ field, found: shown(value), fault: typeof value === 'string' ? 'has another form' : `is ${typeName(value)} instead of text`, expected }]
}

function shown (value: unknown): string {
  return typeof value === 'string' ? value : typeName(value)
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
