// Puts a TopicTen's ARNs and the pod's identity into the environment of a pod's containers, as a JSON Patch of single
// variables, so that nothing else of the pod is named and fields of newer API versions stay.
import { injectedVariables, type InjectedVariable } from '../api/names.ts'
import { escapeText } from '../api/text.ts'
import type { ResolvedArns } from '../api/topicten.ts'

export interface Injection {
  /** The text of a JSON Patch; undefined when every container has all variables. */
  patch: string | undefined
  warnings: string[]
}

/** A pod that is none: its message says which field is wrong. */
export class MalformedPod extends Error {}

/** What is read of a variable in a pod. */
interface Variable {
  name?: unknown
  value?: unknown
  valueFrom?: { fieldRef?: { apiVersion?: unknown, fieldPath?: unknown } } | null
}

/** A variable of ours: its value or the pod's field that it comes from, and its JSON. */
interface Ours {
  name: InjectedVariable
  value?: string
  fieldPath?: string
  json: string
}

const fieldPaths: Partial<Record<InjectedVariable, string>> = {
  MY_POD_NAME: 'metadata.name',
  MY_POD_NAMESPACE: 'metadata.namespace',
  MY_POD_IP: 'status.podIP'
}

/** Containers that are there from the start: native sidecars are init containers; ephemeral ones are never touched. */
const lists = ['initContainers', 'containers'] as const

/**
 * Plans what a pod lacks. Ours go first in each list, so that the user's own variables can refer to them; a variable of the
 * same name that is set already stays, and earns a warning when it differs (not AWS_REGION, which cloud webhooks set as
 * well). Planning again for a pod with the patch applied gives no patch. Throws a MalformedPod.
 */
export function inject (pod: unknown, resolved: ResolvedArns): Injection {
  const ours = oursOf(resolved)
  const operations: string[] = []
  const warnings: string[] = []
  for (const list of lists) {
    const containers = listIn(pod, list)
    for (let index = 0; index < containers.length; index++) {
      injectContainer(containers[index], `/spec/${list}/${index}/env`, ours, operations, warnings)
    }
  }
  return { patch: operations.length === 0 ? undefined : `[${operations.join(',')}]`, warnings }
}

function injectContainer (container: unknown, path: string, ours: readonly Ours[], operations: string[], warnings: string[]): void {
  const env = envOf(container, path)
  if (env.length === 0) {
    operations.push(`{"op":"add","path":"${path}","value":[${ours.map(({ json }) => json).join(',')}]}`)
    return
  }
  let missing = 0
  for (const variable of ours) {
    // Of two with one name the kubelet takes the last.
    const set = env.findLast(item => item?.name === variable.name)
    if (!set) operations.push(`{"op":"add","path":"${path}/${missing++}","value":${variable.json}}`)
    else if (variable.name !== 'AWS_REGION' && !isEqual(set, variable)) warnings.push(differs(container, variable.name))
  }
}

function envOf (container: unknown, path: string): (Variable | null)[] {
  if (!isObject(container)) throw new MalformedPod(`${fieldOf(path)}: the container is no object`)
  const env = 'env' in container ? container.env ?? [] : []
  if (!Array.isArray(env)) throw new MalformedPod(`${fieldOf(path)}: found no list; expected a list of variables`)
  return env as (Variable | null)[]
}

function differs (container: unknown, name: string): string {
  return `container ${nameOf(container)}: ${name} stays as the pod sets it, which differs from the TopicTen's`
}

/** The API server fills in the apiVersion of a fieldRef: with and without it is the same. */
function isEqual ({ value, valueFrom }: Variable, ours: Ours): boolean {
  if (ours.fieldPath === undefined) return (value ?? '') === ours.value && !valueFrom
  const fieldRef = valueFrom?.fieldRef
  return fieldRef?.fieldPath === ours.fieldPath && (fieldRef.apiVersion ?? 'v1') === 'v1'
}

const known = new WeakMap<ResolvedArns, readonly Ours[]>()

/** Remembered for as long as the cache of TopicTens holds the same object. */
function oursOf (resolved: ResolvedArns): readonly Ours[] {
  const found = known.get(resolved)
  if (found !== undefined) return found
  const values: Partial<Record<InjectedVariable, string>> = {
    STORAGE_ARN: resolved.targetarn,
    AWS_KMS_ARN: resolved.kmsarn,
    AWS_LOG_GROUP_ARN: resolved.cloudwatcharn,
    AWS_REGION: resolved.region
  }
  const ours = injectedVariables.map(name => toOurs(name, values[name] ?? '', fieldPaths[name]))
  known.set(resolved, ours)
  return ours
}

function toOurs (name: InjectedVariable, value: string, fieldPath: string | undefined): Ours {
  if (fieldPath === undefined) return { name, value, json: JSON.stringify({ name, value }) }
  // With the apiVersion that the API server would fill in: the pod is stored as it was patched.
  return { name, fieldPath, json: JSON.stringify({ name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } }) }
}

function listIn (pod: unknown, list: typeof lists[number]): unknown[] {
  const spec = isObject(pod) && 'spec' in pod ? pod.spec : undefined
  if (!isObject(spec)) throw new MalformedPod('spec: found nothing; expected the spec of a pod')
  const containers = (spec as Record<string, unknown>)[list] ?? []
  if (!Array.isArray(containers)) throw new MalformedPod(`spec.${list}: found no list; expected a list of containers`)
  return containers
}

function fieldOf (path: string): string {
  return path.slice(1).replaceAll('/', '.')
}

function nameOf (container: unknown): string {
  return isObject(container) && 'name' in container && typeof container.name === 'string' ? `"${escapeText(container.name)}"` : 'without a name'
}

function isObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
