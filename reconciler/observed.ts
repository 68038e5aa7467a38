// What the caches keep of a Deployment: the fields that the decisions read, nothing else.
import type { V1Deployment, V1DeploymentCondition, V1ObjectMeta, V1OwnerReference, V1PodTemplateSpec } from '@kubernetes/client-node'
import { apiVersion, kind, countedFromAnnotation, stepDueAnnotation, topicTenLabel } from '../api/names.ts'
import type { TopicTen } from '../api/topicten.ts'

export interface ObservedDeployment {
  metadata: {
    name: string
    namespace: string
    uid: string
    resourceVersion: string
    generation: number
    deleting: boolean
    labels: Record<string, string>
    annotations: Record<string, string>
    ownerReferences: V1OwnerReference[]
  }
  replicas: number
  selector: Record<string, string>
  template: V1PodTemplateSpec
  status: {
    observedGeneration: number
    updatedReplicas: number
    availableReplicas: number
    conditions: V1DeploymentCondition[]
  }
}

/** Projects a Deployment as the API server sends it. */
export function observeDeployment (deployment: V1Deployment): ObservedDeployment {
  const { metadata = {}, spec, status = {} } = deployment
  return {
    metadata: observeMetadata(metadata),
    replicas: spec?.replicas ?? 1,
    selector: spec?.selector.matchLabels ?? {},
    template: spec?.template ?? {},
    status: observeStatus(status)
  }
}

function observeMetadata (metadata: V1ObjectMeta): ObservedDeployment['metadata'] {
  const { name = '', namespace = '', uid = '', resourceVersion = '', generation = 0, deletionTimestamp } = metadata
  const { labels = {}, annotations = {}, ownerReferences = [] } = metadata
  const deleting = deletionTimestamp !== undefined
  return { name, namespace, uid, resourceVersion, generation, deleting, labels, annotations, ownerReferences }
}

function observeStatus (status: NonNullable<V1Deployment['status']>): ObservedDeployment['status'] {
  const { observedGeneration = 0, updatedReplicas = 0, availableReplicas = 0, conditions = [] } = status
  return { observedGeneration, updatedReplicas, availableReplicas, conditions }
}

/** Projects a TopicTen: managed fields, half of its size, are of no use here. */
export function observeTopicTen (topicTen: TopicTen): TopicTen {
  const { managedFields: _, ...metadata } = topicTen.metadata
  return { ...topicTen, metadata }
}

/** Whose a Deployment of a TopicTen's name is. */
export type Ownership = 'ours' | 'adoptable' | 'collected' | 'foreign'

export function ownershipOf (deployment: ObservedDeployment, topicTen: TopicTen): Ownership {
  const { metadata, selector } = deployment
  const controller = metadata.ownerReferences.find(owner => owner.controller === true)
  if (metadata.deleting) return 'collected'
  if (controller === undefined) return isOfOurMake(metadata.labels, selector, metadata.name) ? 'adoptable' : 'foreign'
  if (controller.uid === topicTen.metadata.uid) return 'ours'
  const formerSelf = controller.kind === kind && controller.apiVersion === apiVersion && controller.name === metadata.name
  return formerSelf ? 'collected' : 'foreign'
}

/** A selector cannot be changed, so one that differs from ours would be wrong for ever. */
function isOfOurMake (labels: Record<string, string>, selector: Record<string, string>, name: string): boolean {
  return labels[topicTenLabel] === name && Object.keys(selector).length === 1 && selector[topicTenLabel] === name
}

/** When the last step was due, in milliseconds since the epoch; undefined where the annotation is missing or no time. */
export function stepDueOf (deployment: ObservedDeployment): number | undefined {
  const time = Date.parse(deployment.metadata.annotations[stepDueAnnotation] ?? '')
  return Number.isNaN(time) ? undefined : time
}

export function countedFromOf (deployment: ObservedDeployment): number | undefined {
  const text = deployment.metadata.annotations[countedFromAnnotation] ?? ''
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined
}
