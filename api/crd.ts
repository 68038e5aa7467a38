// The TopicTen as the API server sees it: the source of the CRD files in `deploy/` (`npm run generate`).
import type { ArnForm } from './arn.ts'
import { keyForm } from './key-arn.ts'
import { logGroupForm } from './log-group-arn.ts'
import { group, kind, plural, version } from './names.ts'
import { podFields } from './pod-schema.ts'
import { defaultFieldPath, forms, oneOfArn, oneOfReference, ownNamespace } from './reference.ts'
import { flag, integer, listByKey, object, rule, rules, text, type Schema } from './schema.ts'
import { storageForm } from './storage-arn.ts'
import { arnFields, type ArnField } from './topicten.ts'

/**
 * An ARN's field. Its rule refuses only what is no ARN of the service at all, in our own words (a `pattern` would answer with
 * the bare expression); every finer fault is left to the validating webhook, which has words for each. Hence it is blind to
 * case and leading space, and lets the service's relatives through.
 */
function arn (description: string, form: ArnForm, services: string): Schema {
  return text(description, {
    minLength: 1,
    maxLength: 2048,
    ...rule(`self.matches(r'(?is)^\\s*arn:[^:]*:(${services}):')`, `is no ARN of ${form.what}; expected ${form.form}`)
  })
}

/** Where a field's ARN is found instead. */
function arnFrom (name: ArnField): Schema {
  return object(`Where ${name} is found, instead of the ARN itself: in the TopicTen's own namespace, at a field of an object or under a key of a ConfigMap.`, {
    resourceRef: object('A field of an object. The operator needs the right to list and watch its kind.', {
      apiVersion: formed('API group and version of the object, such as dynamodb.aws.m.upbound.io/v1beta1.', forms.apiVersion),
      kind: formed('Its kind, which must be of a namespace.', forms.kind),
      name: text('Its name.', { minLength: 1, maxLength: 253 }),
      namespace: text("Refused: the namespace is always the TopicTen's own.", { maxLength: 253 }),
      fieldPath: formed('Where in the object the ARN is.', forms.fieldPath, { default: defaultFieldPath })
    }, ['apiVersion', 'kind', 'name'], rule('!has(self.namespace)', ownNamespace)),
    configMapKeyRef: object('A key of a ConfigMap.', {
      name: text('Its name.', { minLength: 1, maxLength: 253 }),
      namespace: text("Refused: the namespace is always the TopicTen's own.", { maxLength: 253 }),
      key: formed('The key that holds the ARN and nothing else.', forms.key)
    }, ['name', 'key'], rule('!has(self.namespace)', ownNamespace))
  }, [], rule('has(self.resourceRef) != has(self.configMapKeyRef)', oneOfReference))
}

function formed (description: string, { pattern, expected, longest }: typeof forms[keyof typeof forms], more: Schema = {}): Schema {
  return text(description, { minLength: 1, maxLength: longest, ...more, ...rule(`self.matches('${pattern}')`, `has another form; expected ${expected}`) })
}

const arns = {
  targetarn: arn('Where the messages go: ARN of an S3 bucket or of a DynamoDB table.', storageForm, 's3[a-z-]*|dynamodb|dax'),
  kmsarn: arn('What they are encrypted with: ARN of a KMS key or alias.', keyForm, 'kms'),
  cloudwatcharn: arn('Where the ciphertexts are logged: ARN of a CloudWatch Logs group, with or without :* behind it.', logGroupForm, 'logs|cloudwatch')
}

const spec = object('What is wanted.', {
  replicas: integer('Where the countdown starts, 2 to 5. Every minute one replica is taken away, until one is left.', { format: 'int32', minimum: 2, maximum: 5 }),
  image: text('Image of the container.', { minLength: 1, maxLength: 1024 }),
  ...Object.fromEntries(arnFields.flatMap(name => [[name, arns[name]], [`${name}From`, arnFrom(name)]])),
  suspend: flag('While true the Deployment is neither made nor written; the next step comes one interval after it ends.', { default: false }),
  region: text("AWS_REGION of the pods, and the bucket's region; by default the table's region, else the key's.", { minLength: 1, maxLength: 64 }),
  ...podFields,
  credentialsSecret: text("A Secret with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, each optional; without it the pods' ServiceAccount is their AWS identity.", { maxLength: 253 })
}, ['replicas', 'image'], rules(arnFields.map(name => [`has(self.${name}) != has(self.${name}From)`, oneOfArn(name)])))

const time = { format: 'date-time' }

const condition = object('One aspect of the state.', {
  type: text('Ready, Reconciling, Stalled, CountedDown or ArnsResolved.', { minLength: 1, maxLength: 316 }),
  status: text('True, False or Unknown.', { enum: ['True', 'False', 'Unknown'] }),
  reason: text('Why, as one word for programs.', { minLength: 1, maxLength: 1024 }),
  message: text('Why, for people.', { maxLength: 32768 }),
  observedGeneration: integer('The generation of the TopicTen it was judged on.', { format: 'int64', minimum: 0 }),
  lastTransitionTime: text('When status last changed.', time)
}, ['type', 'status', 'reason', 'message', 'lastTransitionTime'])

const status = object('What is there, as the operator last saw it.', {
  observedGeneration: integer('The generation the status is about; -1 until the operator has looked.', { format: 'int64' }),
  currentReplicas: integer('Replicas the Deployment asks for now.', { format: 'int32' }),
  lastStepTime: text('When the last replica was taken away.', time),
  nextStepTime: text('When the next one is due; absent when nothing more is to do.', time),
  resolved: object('The last good ARNs and region: what is injected into pods.', {
    targetarn: text('As STORAGE_ARN.'),
    kmsarn: text('As AWS_KMS_ARN.'),
    cloudwatcharn: text('As AWS_LOG_GROUP_ARN.'),
    region: text('As AWS_REGION.')
  }, [...Object.keys(arns), 'region']),
  conditions: listByKey('Ready, Reconciling, Stalled, CountedDown and, where an ARN is referred to, ArnsResolved.', 'type', condition, 20)
}, [], { default: { observedGeneration: -1 } })

const root = object('A TopicTen runs an image that encrypts, stores and logs messages on AWS, and counts its replicas down to one.', {
  apiVersion: text(`Always ${group}/${version}.`),
  kind: text(`Always ${kind}.`),
  metadata: { type: 'object', properties: { name: { type: 'string' } } },
  spec,
  status
}, ['spec'], rule(
  'oldSelf.hasValue() || size(self.metadata.name) <= 63',
  'metadata.name is too long, because it becomes the value of a label; expected at most 63 characters',
  // Only for new objects: the name of an old one cannot change, and a broken rule at the root would hold up its finalizers.
  { optionalOldSelf: true, fieldPath: '.metadata.name' }
))

function column (name: string, type: string, jsonPath: string, description: string) {
  return { name, type, jsonPath, description }
}

const ready = '.status.conditions[?(@.type=="Ready")]'

export const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames: ['tt'] },
    versions: [{
      name: version,
      served: true,
      storage: true,
      subresources: { status: {} },
      additionalPrinterColumns: [
        column('Replicas', 'integer', '.spec.replicas', 'Where the countdown starts'),
        column('Current', 'integer', '.status.currentReplicas', 'Replicas the Deployment asks for now'),
        // A column of the type date prints <invalid> for a time to come.
        column('Next step', 'string', '.status.nextStepTime', 'When the next replica is taken away'),
        column('Ready', 'string', `${ready}.status`, 'Whether the Deployment is available'),
        column('Reason', 'string', `${ready}.reason`, 'Why, or why not'),
        column('Age', 'date', '.metadata.creationTimestamp', 'Time since it was created')
      ],
      schema: { openAPIV3Schema: root }
    }]
  }
}
