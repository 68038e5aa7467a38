// The names that people, pods and other programs see: the API group, labels, annotations, variables.
export const group = 'app.lyc-handson-aws.com'
export const version = 'v1alpha1'
export const apiVersion = `${group}/${version}`
export const kind = 'TopicTen'
export const plural = 'topictens'

/** Owns every field the operator writes: `metadata.managedFields[].manager`. */
export const fieldManager = 'topicten'

/** Names a pod's TopicTen: the Deployment's only selector, and what the pod webhook is called for. */
export const topicTenLabel = `${group}/topicten`
export const appLabel = 'app'

/** On ClusterRoles: what they allow, the operator may do to follow references. */
export const referencesLabel = `${group}/aggregate-to-topicten-references`

/** On the Lease by which an install claims what it looks after: `cluster` or `namespace`. */
export const scopeLabel = `${group}/scope`

/** On the Deployment: when its last step was due (RFC 3339), and the number it is counted down from. */
export const stepDueAnnotation = `${group}/step-due`
export const countedFromAnnotation = `${group}/counted-from`

/** On the Deployment: when its pods, refused while no webhook of ours answered, were asked for again (RFC 3339). */
export const retriedAnnotation = `${group}/retried`

/** On the Deployment: hashes of what the user asked the pods to be and of the template made of it, as `ASKED.MADE`. */
export const templateAnnotation = `${group}/template`

/** On the pod template: a hash of what the webhook injects, so that pods roll when it changes. */
export const injectedAnnotation = `${group}/injected`

export const containerName = 'topicten-container'

/** The variables that the webhook puts into every container of a TopicTen's pods, in this order. */
export const injectedVariables = [
  'STORAGE_ARN', 'AWS_KMS_ARN', 'AWS_LOG_GROUP_ARN', 'AWS_REGION', 'MY_POD_NAME', 'MY_POD_NAMESPACE', 'MY_POD_IP'
] as const
export type InjectedVariable = typeof injectedVariables[number]

/** The keys of `spec.credentialsSecret`, each offered to the container as an optional secretKeyRef. */
export const credentialVariables = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const
