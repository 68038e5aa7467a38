// A TopicTen's references as the watches see them: which kind, which object, which path; and what of an object is kept. Pure.
import { defaultFieldPath, judgeReference, referenceOf } from '../api/reference.ts'
import { arnFields, type ArnField, type TopicTen } from '../api/topicten.ts'
import { typeName } from '../api/text.ts'

export interface ReferredKind {
  apiVersion: string
  kind: string
}

export interface Reference extends ReferredKind {
  field: ArnField
  /** namespace/name of the object. */
  key: string
  /** For people: `status.atProvider.arn`, `data.targetarn`. */
  path: string
  /** The same as single names: a key of a ConfigMap may have dots. */
  names: readonly string[]
}

/** What of a value is kept: an ARN, or no more than what kind of thing it is, so that nobody reads through us what they may not read. */
export type Kept = string | { what: string }

/** The sound references of a TopicTen, at most three. */
export function referencesOf ({ metadata: { namespace }, spec }: TopicTen): Reference[] {
  return arnFields.flatMap(field => {
    const { resourceRef, configMapKeyRef } = referenceOf(spec, field) ?? {}
    if ((resourceRef ?? configMapKeyRef) === undefined || judgeReference(spec, field).length > 0) return []
    if (resourceRef !== undefined) {
      const { apiVersion, kind, name, fieldPath: path = defaultFieldPath } = resourceRef
      return [{ field, apiVersion, kind, key: `${namespace}/${name}`, path, names: path.split('.') }]
    }
    const { name = '', key = '' } = configMapKeyRef ?? {}
    return [{ field, apiVersion: 'v1', kind: 'ConfigMap', key: `${namespace}/${name}`, path: `data.${key}`, names: ['data', key] }]
  })
}

/** `Table.dynamodb.aws.m.upbound.io`, `ConfigMap`. */
export function kindName ({ apiVersion, kind }: ReferredKind): string {
  const [group, version] = apiVersion.split('/')
  return version === undefined ? kind : `${kind}.${group}`
}

const longestArn = 2048

/** What is kept of the value at a path of an object; undefined when nothing is there. */
export function keptAt (object: unknown, names: readonly string[]): Kept | undefined {
  const value = names.reduce(valueAt, object)
  // Providers fill in an empty text before they know better.
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') return { what: typeName(value) }
  return value.length <= longestArn && /^arn:[!-~]+$/.test(value) ? value : { what: `a text of ${value.length} characters` }
}

function valueAt (object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null && Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined
}
