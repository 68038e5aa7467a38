// Checks each answer of a webhook: the uid, the verdict, and that the patch, applied by another library, gives what was asked for.
import { isDeepStrictEqual } from 'node:util'
import { applyPatch, type Operation } from 'rfc6902'
import { type Case, reviewOf, spec, uidPlaceholder } from './reviews.ts'

/** Says what is wrong with an answer; undefined: nothing. */
export type Check = (status: number, body: Buffer, uid: Buffer) => string | undefined

interface Response {
  uid?: unknown
  allowed?: unknown
  patchType?: unknown
  patch?: unknown
  status?: { message?: unknown }
}

interface Variable {
  name: string
  value?: string
  valueFrom?: { fieldRef?: { fieldPath?: string } }
}

interface Pod {
  spec: { containers: { env?: Variable[] }[] }
}

/** What every operator under test must put into each container. */
const wanted: Record<string, string> = {
  STORAGE_ARN: spec.targetarn,
  AWS_KMS_ARN: spec.kmsarn,
  AWS_LOG_GROUP_ARN: spec.cloudwatcharn,
  MY_POD_NAME: 'field metadata.name',
  MY_POD_NAMESPACE: 'field metadata.namespace',
  MY_POD_IP: 'field status.podIP'
}

/** Bodies that were found right are remembered: one that differs in nothing but its uid is only compared. */
export function createCheck (which: Case, namespace: string): Check {
  const { request: { object } } = JSON.parse(reviewOf(which, namespace).body.toString()) as { request: { object: Pod } }
  const right: { body: Buffer, uidAt: number }[] = []
  return (status, body, uid) => {
    if (status === 200 && right.some(known => isSame(body, uid, known))) return undefined
    const fault = status === 200 ? faultOf(which, object, body.toString(), uid.toString()) : `HTTP ${status}: ${body.toString().slice(0, 200)}`
    if (fault === undefined && right.length < 10) right.push({ body: Buffer.from(body), uidAt: body.indexOf(uid) })
    return fault
  }
}

function isSame (body: Buffer, uid: Buffer, known: { body: Buffer, uidAt: number }): boolean {
  const { uidAt } = known
  const after = uidAt + uidPlaceholder.length
  return body.length === known.body.length &&
    body.compare(uid, 0, uid.length, uidAt, after) === 0 &&
    body.compare(known.body, 0, uidAt, 0, uidAt) === 0 &&
    body.compare(known.body, after, known.body.length, after) === 0
}

function faultOf (which: Case, pod: Pod, text: string, uid: string): string | undefined {
  const { apiVersion, kind, response = {} } = JSON.parse(text) as { apiVersion?: unknown, kind?: unknown, response?: Response }
  if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview') return `no AdmissionReview of v1: ${text.slice(0, 200)}`
  if (response.uid !== uid) return `uid ${String(response.uid)} instead of ${uid}`
  if (response.allowed !== (which !== 'deny')) return `allowed is ${String(response.allowed)}: ${String(response.status?.message)}`
  return verdictFaults[which](response, pod)
}

const verdictFaults: Record<Case, (response: Response, pod: Pod) => string | undefined> = {
  deny: ({ status }) => status?.message ? undefined : 'refused without a message',
  validate: ({ patch }) => patch === undefined ? undefined : 'a patch for a TopicTen',
  mutate: ({ patch, patchType }, pod) => patchType === 'JSONPatch' ? patchFault(pod, String(patch)) : `patchType ${String(patchType)}`
}

function patchFault (pod: Pod, patch: string): string | undefined {
  const patched = structuredClone(pod)
  const failure = applyPatch(patched, JSON.parse(Buffer.from(patch, 'base64').toString()) as Operation[]).find(each => each !== null)
  if (failure) return `the patch cannot be applied: ${failure.message}`
  const faults = patched.spec.containers.flatMap(({ env = [] }, index) => {
    const before = pod.spec.containers[index]?.env ?? []
    const values = Object.fromEntries(env.map(each => [each.name, each.value ?? `field ${each.valueFrom?.fieldRef?.fieldPath}`]))
    const lacks = Object.keys(wanted).filter(name => values[name] !== wanted[name])
    const lost = before.filter(each => !env.some(other => isDeepStrictEqual(each, other))).map(({ name }) => name)
    const twice = env.length === Object.keys(values).length ? [] : ['a name twice']
    return [...lacks, ...lost, ...twice].map(what => `container ${index}: ${what} is wrong after the patch`)
  })
  return patched.spec.containers.length === pod.spec.containers.length ? faults[0] : 'a container more or less after the patch'
}
