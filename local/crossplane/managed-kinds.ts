// The managed resources of AWS that our services use, and stand-ins for their CRDs: a field that provider-upjet-aws 2.6 has not is none
// here. Pure.

type Field = Record<string, unknown>

export interface ManagedKind {
  /** The part of the API group before `.aws.m.upbound.io`. */
  service: 'kms' | 's3' | 'dynamodb' | 'cloudwatchlogs'
  kind: string
  plural: string
  /** The fields of spec.forProvider beside `region`. */
  fields: Record<string, Field>
  /** What AWS gives a resource of this name. */
  arn?: (where: Where) => string
}

export interface Where {
  region: string
  account: string
  /** What the resource is called at AWS. */
  name: string
}

const text = { type: 'string' }
const number = { type: 'number' }
const flag = { type: 'boolean' }
const object = (properties: Record<string, Field>) => ({ type: 'object', properties })
const list = (items: Field) => ({ type: 'array', items })
const texts = { type: 'object', additionalProperties: text }
const reference = object({ name: text, namespace: text })
const selector = object({ matchControllerRef: flag, matchLabels: texts, namespace: text })
const ofBucket = { bucket: text, bucketRef: reference, bucketSelector: selector }

export const managedKinds: readonly ManagedKind[] = [
  {
    service: 'kms',
    kind: 'Key',
    plural: 'keys',
    fields: { description: text, deletionWindowInDays: number, enableKeyRotation: flag, policy: text, tags: texts },
    arn: ({ region, account, name }) => `arn:aws:kms:${region}:${account}:key/${name}`
  },
  {
    service: 'kms',
    kind: 'Alias',
    plural: 'aliases',
    fields: { targetKeyId: text, targetKeyIdRef: reference, targetKeyIdSelector: selector },
    arn: ({ region, account, name }) => `arn:aws:kms:${region}:${account}:${name}`
  },
  {
    service: 'dynamodb',
    kind: 'Table',
    plural: 'tables',
    fields: {
      attribute: list(object({ name: text, type: text })),
      billingMode: text,
      deletionProtectionEnabled: flag,
      hashKey: text,
      pointInTimeRecovery: object({ enabled: flag }),
      serverSideEncryption: object({ enabled: flag, kmsKeyArn: text, kmsKeyArnRef: reference }),
      tags: texts
    },
    arn: ({ region, account, name }) => `arn:aws:dynamodb:${region}:${account}:table/${name}`
  },
  {
    service: 'cloudwatchlogs',
    kind: 'Group',
    plural: 'groups',
    fields: { kmsKeyId: text, kmsKeyIdRef: reference, retentionInDays: number, skipDestroy: flag, tags: texts },
    arn: ({ region, account, name }) => `arn:aws:logs:${region}:${account}:log-group:${name}`
  },
  { service: 's3', kind: 'Bucket', plural: 'buckets', fields: { forceDestroy: flag, tags: texts }, arn: ({ name }) => `arn:aws:s3:::${name}` },
  { service: 's3', kind: 'BucketPolicy', plural: 'bucketpolicies', fields: { ...ofBucket, policy: text } },
  {
    service: 's3',
    kind: 'BucketPublicAccessBlock',
    plural: 'bucketpublicaccessblocks',
    fields: { ...ofBucket, blockPublicAcls: flag, blockPublicPolicy: flag, ignorePublicAcls: flag, restrictPublicBuckets: flag }
  },
  {
    service: 's3',
    kind: 'BucketServerSideEncryptionConfiguration',
    plural: 'bucketserversideencryptionconfigurations',
    fields: {
      ...ofBucket,
      rule: list(object({
        bucketKeyEnabled: flag,
        applyServerSideEncryptionByDefault: object({ kmsMasterKeyId: text, sseAlgorithm: text })
      }))
    }
  },
  {
    service: 's3',
    kind: 'BucketWebsiteConfiguration',
    plural: 'bucketwebsiteconfigurations',
    fields: { ...ofBucket, errorDocument: object({ key: text }), indexDocument: object({ suffix: text }) }
  }
]

export function groupOf ({ service }: ManagedKind): string {
  return `${service}.aws.m.upbound.io`
}

const configReference = { ...object({ kind: text, name: text }), default: { kind: 'ClusterProviderConfig', name: 'default' } }

const status = {
  type: 'object',
  properties: {
    observedGeneration: { type: 'integer', format: 'int64' },
    atProvider: { type: 'object', properties: { arn: text, websiteEndpoint: text } },
    conditions: list({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true })
  }
}

/** The stand-in for a managed kind's CRD. */
export function managedCrd (managed: ManagedKind): object {
  const { kind, plural, fields } = managed
  const forProvider = { type: 'object', required: ['region'], properties: { region: text, ...fields } }
  const spec = {
    type: 'object',
    required: ['forProvider'],
    properties: { forProvider, managementPolicies: { ...list(text), default: ['*'] }, providerConfigRef: configReference }
  }
  return crdOf(groupOf(managed), kind, plural, 'Namespaced', { type: 'object', required: ['spec'], properties: { spec, status } })
}

/** The stand-in for the CRD of a provider's cluster-wide configuration. */
export function providerConfigCrd (): object {
  const spec = {
    type: 'object',
    required: ['credentials'],
    properties: {
      credentials: object({ source: text, secretRef: object({ name: text, namespace: text, key: text }) }),
      assumeRoleChain: list(object({ roleARN: text }))
    }
  }
  const schema = { type: 'object', properties: { spec, status: { type: 'object' } } }
  return crdOf('aws.m.upbound.io', 'ClusterProviderConfig', 'clusterproviderconfigs', 'Cluster', schema)
}

/** Stand-ins for all that the providers' packages would bring. */
export function providerCrds (): object[] {
  return [...managedKinds.map(managedCrd), providerConfigCrd()]
}

/** The CRD of a kind with the one version v1beta1, whose status is a subresource. `scope` is Namespaced or Cluster. */
export function crdOf (group: string, kind: string, plural: string, scope: string, openAPIV3Schema: object): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), categories: ['crossplane', 'managed', 'aws'] },
      versions: [{ name: 'v1beta1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema } }]
    }
  }
}
