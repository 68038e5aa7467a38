// Schemas of the fields that a TopicTen shares with a PodSpec; their meanings are Kubernetes' own.
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
import { maxVariables } from './env.ts'
import { atomicList, flag, handedOn, integer, listByKey, object, rule, text, type Schema } from './schema.ts'

const atomic = { 'x-kubernetes-map-type': 'atomic' }

function keyRef (what: string): Schema {
  return object(`A key of a ${what} in the TopicTen's namespace.`, {
    name: text(`Name of the ${what}.`),
    key: text('The key whose value is taken.'),
    optional: flag(`Whether the ${what} or its key may be missing.`)
  }, ['key'], atomic)
}

const valueFrom = object('Where the value comes from, instead of value.', {
  configMapKeyRef: keyRef('ConfigMap'),
  secretKeyRef: keyRef('Secret'),
  fieldRef: object('A field of the pod.', {
    apiVersion: text('Version of the schema fieldPath is written for; v1 by default.'),
    fieldPath: text('Path of the field, such as metadata.name.')
  }, ['fieldPath'], atomic),
  resourceFieldRef: object('A resource of the container, such as limits.cpu.', {
    containerName: text('The container; by default the one the variable is set in.'),
    resource: text('The resource, such as limits.memory.'),
    divisor: { description: 'The unit the value is given in; 1 by default.', anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true }
  }, ['resource'], atomic),
  fileKeyRef: object('A variable of a file in a volume.', {
    volumeName: text('The volume.'),
    path: text('Path of the file in the volume.'),
    key: text('Name of the variable in the file.'),
    optional: flag('Whether the file or its key may be missing.')
  }, ['volumeName', 'path', 'key'], atomic)
})

const quantities: Schema = {
  type: 'object',
  maxProperties: 20,
  additionalProperties: {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    'x-kubernetes-int-or-string': true,
    maxLength: 32,
    ...rule('type(self) == int || isQuantity(self)', 'is no quantity; expected a number with an optional unit such as 500m, 2 or 128Mi')
  }
}

const toleration = object('A taint that the pods tolerate.', {
  key: text('Key of the taint; empty with the operator Exists means every taint.'),
  operator: text('How value is compared: Equal (the default), Exists, Lt or Gt.'),
  value: text('Value of the taint.'),
  effect: text('NoSchedule, PreferNoSchedule or NoExecute; empty means all of them.'),
  tolerationSeconds: integer('How long a NoExecute taint is tolerated; for ever by default.', { format: 'int64' })
})

export const podFields: Record<string, Schema> = {
  env: listByKey('More variables of the container. The names that topicten sets itself are refused.', 'name',
    object('A variable.', {
      name: text('Name of the variable.', { minLength: 1, maxLength: 512 }),
      value: text('Its value; $(NAME) stands for a variable set before it, those that topicten injects among them.'),
      valueFrom
    }, ['name']), maxVariables),
  serviceAccountName: text('ServiceAccount of the pods; without credentialsSecret it is their AWS identity.', { maxLength: 253 }),
  imagePullSecrets: listByKey('Secrets the image is pulled with.', 'name',
    object('A Secret.', { name: text('Name of the Secret.', { minLength: 1, maxLength: 253 }) }, ['name'], atomic), 20),
  resources: object('What the container asks for and may use.', {
    requests: { ...quantities, description: 'What is set aside for it, such as cpu: 50m.' },
    limits: { ...quantities, description: 'What it may use at most, such as memory: 128Mi.' },
    claims: listByKey('Resource claims of the pod that the container uses.', 'name', object('A claim.', {
      name: text('Name of the claim in the pod.'),
      request: text('One request of the claim; all by default.')
    }, ['name']), 20)
  }),
  nodeSelector: { type: 'object', description: 'Labels a node must have to run the pods.', maxProperties: 50, additionalProperties: { type: 'string' } },
  tolerations: atomicList('Taints that the pods tolerate.', toleration, 50),
  podSecurityContext: handedOn('Security context of the pods; what it leaves out is as a restricted namespace demands.'),
  securityContext: handedOn('Security context of the container; what it leaves out is as a restricted namespace demands.')
}
