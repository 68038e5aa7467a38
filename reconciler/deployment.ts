// The Deployment that a TopicTen asks for, and what must be written to the one that is there.
import type { V1EnvVar, V1OwnerReference, V1PodTemplateSpec } from '@kubernetes/client-node'
import {
  apiVersion, appLabel, containerName, countedFromAnnotation, credentialVariables, injectedAnnotation, kind, stepDueAnnotation,
  templateAnnotation, topicTenLabel
} from '../api/names.ts'
import { hash, injectedHash } from '../api/injected.ts'
import type { ResolvedArns, TopicTen, TopicTenSpec } from '../api/topicten.ts'
import type { Plan } from './countdown.ts'
import { contains } from './contains.ts'
import { countedFromOf, type ObservedDeployment, stepDueOf } from './observed.ts'

type Target = NonNullable<Plan['target']>

/** Hashes of what was asked for and of the template made of it. */
interface Marks {
  asked: string
  made: string
}

/** How a write reaches the API server: a whole object by forced apply, new or not, or a merge patch of what a step changes. */
export interface Write {
  how: 'create' | 'apply' | 'patch'
  body: object
}

/** What a namespace that enforces `restricted` demands: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
const restrictedPod = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }
const restrictedContainer = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }

/**
 * The write that brings a Deployment to `target`; undefined when it is there already. `observed` undefined: it is made.
 * `settled` is true when the whole object was applied and has not changed since: the API server keeps some values
 * in a form of its own (1000m of cpu is 1), which is no reason to apply it again.
 */
export function writeFor (
  topicTen: TopicTen, resolved: ResolvedArns, target: Target, observed: ObservedDeployment | undefined, settled: boolean
): Write | undefined {
  const template = desiredTemplate(topicTen, resolved)
  const marks = { asked: hash(wishes(topicTen.spec, resolved)), made: hash(template) }
  const desired = desiredDeployment(topicTen, template, marks, target)
  // No live object has resource version 1: applied to one that exists, it is a conflict.
  if (observed === undefined) return { how: 'create', body: withPrecondition(desired, { resourceVersion: '1' }) }
  const precondition = { uid: observed.metadata.uid, resourceVersion: observed.metadata.resourceVersion }
  if (templateMustChange(template, marks, observed, settled)) return { how: 'apply', body: withPrecondition(desired, precondition) }
  const patch = stepPatch(desired.metadata, target, observed)
  return patch === undefined ? undefined : { how: 'patch', body: withPrecondition(patch, precondition) }
}

function withPrecondition<T extends { metadata: object }> (object: T, precondition: object): T {
  return { ...object, metadata: { ...object.metadata, ...precondition } }
}

/**
 * A template made by another release from the same wishes stays as it is: an upgrade replaces no pod. Where the wishes
 * changed, or another hand changed what we made of them, it is applied.
 */
function templateMustChange (template: V1PodTemplateSpec, marks: Marks, observed: ObservedDeployment, settled: boolean): boolean {
  const [asked, made] = (observed.metadata.annotations[templateAnnotation] ?? '').split('.')
  if (asked !== marks.asked) return true
  return made === marks.made && !settled && !contains(observed.template, template)
}

/** The name of a state: applied once in this state, a Deployment is settled. */
export function settledMark (topicTen: TopicTen, resolved: ResolvedArns, observed: ObservedDeployment): string {
  return `${observed.metadata.uid}/${observed.metadata.generation}/${hash(wishes(topicTen.spec, resolved))}`
}

interface DeploymentMetadata {
  name: string | undefined
  namespace: string | undefined
  labels: Record<string, string>
  annotations: Record<string, string>
  ownerReferences: V1OwnerReference[]
}

function desiredDeployment (topicTen: TopicTen, template: V1PodTemplateSpec, marks: Marks, target: Target) {
  const { name = '', namespace, uid = '' } = topicTen.metadata
  const metadata: DeploymentMetadata = {
    name,
    namespace,
    labels: labelsOf(name),
    annotations: { ...stepAnnotations(target), [templateAnnotation]: `${marks.asked}.${marks.made}` },
    // blockOwnerDeletion would demand one more right where clusters enforce it.
    ownerReferences: [{ apiVersion, kind, name, uid, controller: true }]
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { replicas: target.replicas, selector: { matchLabels: { [topicTenLabel]: name } }, template }
  }
}

function stepAnnotations (target: Target): Record<string, string> {
  return { [stepDueAnnotation]: new Date(target.stepDue).toISOString(), [countedFromAnnotation]: String(target.countedFrom) }
}

function labelsOf (name: string): Record<string, string> {
  return { [appLabel]: name, [topicTenLabel]: name }
}

function desiredTemplate (topicTen: TopicTen, resolved: ResolvedArns): V1PodTemplateSpec {
  const { spec, metadata: { name = '' } } = topicTen
  return {
    metadata: { labels: labelsOf(name), annotations: { [injectedAnnotation]: injectedHash(resolved) } },
    spec: {
      containers: [{
        name: containerName,
        image: spec.image,
        ...optional('env', environment(spec)),
        ...optional('resources', spec.resources),
        securityContext: spec.securityContext ?? restrictedContainer
      }],
      securityContext: spec.podSecurityContext ?? restrictedPod,
      ...optional('serviceAccountName', spec.serviceAccountName),
      ...optional('imagePullSecrets', spec.imagePullSecrets),
      ...optional('nodeSelector', spec.nodeSelector),
      ...optional('tolerations', spec.tolerations)
    }
  }
}

function optional<K extends string, V> (key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : { [key]: value } as { [P in K]?: V }
}

function environment (spec: TopicTenSpec): V1EnvVar[] | undefined {
  const { credentialsSecret, env = [] } = spec
  if (credentialsSecret === undefined) return spec.env
  const own = new Set(env.map(variable => variable.name))
  const credentials = credentialVariables.filter(name => !own.has(name)).map(key =>
    ({ name: key, valueFrom: { secretKeyRef: { name: credentialsSecret, key, optional: true } } }))
  return [...credentials, ...env]
}

/** What a step changes, and the label and owner reference where they were lost; undefined when nothing differs. */
function stepPatch (
  desired: DeploymentMetadata, target: Target, observed: ObservedDeployment
): { metadata: object, spec: object } | undefined {
  const { labels, ownerReferences } = observed.metadata
  const owner = desired.ownerReferences[0]
  const owned = ownerReferences.some(reference => reference.uid === owner?.uid && reference.controller === true)
  const metadata = {
    ...(contains(labels, desired.labels) ? {} : { labels: desired.labels }),
    ...(owned ? {} : { ownerReferences: [...ownerReferences.filter(reference => reference.uid !== owner?.uid), owner] })
  }
  if (Object.keys(metadata).length === 0 && isAt(target, observed)) return undefined
  return { metadata: { ...metadata, annotations: stepAnnotations(target) }, spec: { replicas: target.replicas } }
}

function isAt (target: Target, observed: ObservedDeployment): boolean {
  return observed.replicas === target.replicas && stepDueOf(observed) === target.stepDue && countedFromOf(observed) === target.countedFrom
}

/** What of a spec shapes the pods: the rest (replicas, suspend) may change without rolling them. */
function wishes (spec: TopicTenSpec, resolved: ResolvedArns): unknown {
  const { image, env, serviceAccountName, imagePullSecrets, resources, nodeSelector, tolerations } = spec
  const { podSecurityContext, securityContext, credentialsSecret } = spec
  return [
    resolved, image, env, serviceAccountName, imagePullSecrets, resources, nodeSelector, tolerations, podSecurityContext, securityContext,
    credentialsSecret
  ]
}
