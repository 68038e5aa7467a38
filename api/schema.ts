// Builders for structural schemas: each field has a description, because `kubectl explain` is the manual most people read.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema

/** An OpenAPI v3 schema as the API server takes it, `x-kubernetes-…` extensions included. */
export interface Schema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  additionalProperties?: Schema
  [extension: string]: unknown
}

export function text (description: string, more: Schema = {}): Schema {
  return { type: 'string', description, ...more }
}

export function integer (description: string, more: Schema = {}): Schema {
  return { type: 'integer', description, ...more }
}

export function flag (description: string, more: Schema = {}): Schema {
  return { type: 'boolean', description, ...more }
}

export function object (description: string, properties: Record<string, Schema>, required: string[] = [], more: Schema = {}): Schema {
  return { type: 'object', description, ...required.length > 0 && { required }, properties, ...more }
}

/** A list whose items are known by one of their fields, so that server-side apply merges it. */
export function listByKey (description: string, key: string, items: Schema, maxItems: number): Schema {
  return { type: 'array', description, maxItems, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key], items }
}

export function atomicList (description: string, items: Schema, maxItems: number): Schema {
  return { type: 'array', description, maxItems, 'x-kubernetes-list-type': 'atomic', items }
}

/** An object of the Pod API that is handed on as it is and judged when the Deployment is written. */
export function handedOn (description: string): Schema {
  return { type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true }
}

/** A CEL rule with our own words; it must not be able to error, or it holds up every write to old objects. */
export function rule (expression: string, message: string, more: Record<string, unknown> = {}): Schema {
  return { 'x-kubernetes-validations': [{ rule: expression, message, ...more }] }
}

/** Several of them, each an expression with its message. */
export function rules (all: Array<readonly [expression: string, message: string]>): Schema {
  return { 'x-kubernetes-validations': all.map(([expression, message]) => ({ rule: expression, message })) }
}
