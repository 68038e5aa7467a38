// The TopicTen as TypeScript sees it; `crd.ts` is the same contract for the API server.
import type { V1EnvVar, V1LocalObjectReference, V1ObjectMeta, V1PodSecurityContext, V1ResourceRequirements, V1SecurityContext, V1Toleration } from '@kubernetes/client-node'
import type { apiVersion, kind } from './names.ts'

export interface ResourceReference {
  /** GROUP/VERSION; the core kinds, which have no group, are not read. */
  apiVersion: string
  kind: string
  name: string
  /** Dotted names without indexes; by default `status.atProvider.arn`. */
  fieldPath?: string
}

export interface ConfigMapKeyReference {
  name: string
  key: string
}

/** Exactly one of the two; what is referred to is in the TopicTen's namespace. */
export interface ArnReference {
  resourceRef?: ResourceReference
  configMapKeyRef?: ConfigMapKeyReference
}

export interface TopicTenSpec {
  /** Where the countdown starts: 2..5. */
  replicas: number
  image: string
  /** The S3 bucket or DynamoDB table the messages go to. Of each ARN and its reference there is exactly one. */
  targetarn?: string
  targetarnFrom?: ArnReference
  /** The KMS key or alias that encrypts them. */
  kmsarn?: string
  kmsarnFrom?: ArnReference
  /** The CloudWatch Logs group of the ciphertexts, with or without a final `:*`. */
  cloudwatcharn?: string
  cloudwatcharnFrom?: ArnReference
  /** While true the Deployment is neither made nor written. */
  suspend?: boolean
  /** `AWS_REGION` of the pods, and the bucket's region. */
  region?: string
  env?: V1EnvVar[]
  serviceAccountName?: string
  imagePullSecrets?: V1LocalObjectReference[]
  resources?: V1ResourceRequirements
  nodeSelector?: Record<string, string>
  tolerations?: V1Toleration[]
  podSecurityContext?: V1PodSecurityContext
  securityContext?: V1SecurityContext
  /** A Secret of the same namespace with the keys of `credentialVariables`. */
  credentialsSecret?: string
}

export const arnFields = ['targetarn', 'kmsarn', 'cloudwatcharn'] as const
export type ArnField = typeof arnFields[number]

/** A spec whose ARNs are in itself. */
export type WrittenSpec = TopicTenSpec & Record<ArnField, string>

/** ArnsResolved is there while an ARN is referred to. */
export type ConditionType = 'Ready' | 'Reconciling' | 'Stalled' | 'CountedDown' | 'ArnsResolved'

export interface Condition {
  type: ConditionType
  status: 'True' | 'False' | 'Unknown'
  reason: string
  message: string
  observedGeneration: number
  /** RFC 3339, whole seconds. */
  lastTransitionTime: string
}

/** What the webhook injects: ARNs exactly as written or found, and the region derived from them. */
export interface ResolvedArns {
  targetarn: string
  kmsarn: string
  cloudwatcharn: string
  region: string
}

export interface TopicTenStatus {
  /** -1 by the CRD's default, until the first reconcile. */
  observedGeneration: number
  /** Replicas the Deployment asks for now. */
  currentReplicas?: number
  lastStepTime?: string
  /** Absent: there is nothing more to do. */
  nextStepTime?: string
  resolved?: ResolvedArns
  conditions?: Condition[]
}

export interface TopicTen {
  apiVersion: typeof apiVersion
  kind: typeof kind
  metadata: V1ObjectMeta
  spec: TopicTenSpec
  status?: TopicTenStatus
}
