// The objects that a ServiceTwo is made of, as they should be. Pure; when each of them is due is for compose.ts to say.
import type { Json, ServiceTwo } from './service-two.ts'

/** Under the names that a TopicTen's fields have. */
export interface Arns {
  targetarn: string
  kmsarn: string
  cloudwatcharn: string
}

/** What stands on its own feet at AWS: due from the start. */
export function managedResources (service: ServiceTwo): Record<string, Json> {
  const { region, namespace, name } = service
  const ofBucket = { region, bucketSelector: { matchControllerRef: true } }
  return {
    key: managed('kms', 'Key', { region, description: `Messages of ${namespace}/${name}`, enableKeyRotation: true, deletionWindowInDays: 30 }),
    'log-group': managed('cloudwatchlogs', 'Group', { region, retentionInDays: 30 }, `/topicten/${namespace}/${name}`),
    // Its name, which nobody else on earth may have, is what Crossplane makes of ours and a hash.
    bucket: managed('s3', 'Bucket', { region }),
    'bucket-website': managed('s3', 'BucketWebsiteConfiguration', { ...ofBucket, indexDocument: { suffix: 'index.html' } }),
    // With a key of S3: nobody could read objects anonymously that KMS had encrypted.
    'bucket-encryption': managed('s3', 'BucketServerSideEncryptionConfiguration', {
      ...ofBucket, rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }]
    }),
    'bucket-access': managed('s3', 'BucketPublicAccessBlock', {
      ...ofBucket,
      blockPublicAcls: true,
      ignorePublicAcls: true,
      blockPublicPolicy: !service.public,
      restrictPublicBuckets: !service.public
    })
  }
}

/** Needs the ARN of its bucket. */
export function bucketPolicy (service: ServiceTwo, targetarn: string): Json {
  const onObjects = { Principal: '*', Resource: `${targetarn}/*` }
  const withoutTls = { Condition: { Bool: { 'aws:SecureTransport': 'false' } } }
  const policy = {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'WritesByTls', Effect: 'Deny', Action: 's3:PutObject', ...onObjects, ...withoutTls },
      service.public
        // A website of S3 speaks no TLS.
        ? { Sid: 'Reads', Effect: 'Allow', Action: 's3:GetObject', ...onObjects }
        : { Sid: 'ReadsByTls', Effect: 'Deny', Action: 's3:GetObject', ...onObjects, ...withoutTls }
    ]
  }
  return managed('s3', 'BucketPolicy', {
    region: service.region, bucketSelector: { matchControllerRef: true }, policy: JSON.stringify(policy)
  })
}

/** For TopicTens that refer to the ARNs: `configMapKeyRef: {name: NAME-arns, key: targetarn}`. */
export function configMap ({ name }: ServiceTwo, arns: Arns): Json {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${name}-arns` }, data: { ...arns } }
}

export function topicTen ({ name, image, replicas }: ServiceTwo, arns: Arns): Json {
  return { apiVersion: 'app.lyc-handson-aws.com/v1alpha1', kind: 'TopicTen', metadata: { name }, spec: { image, replicas, ...arns } }
}

function managed (service: string, kind: string, forProvider: Json, externalName?: string): Json {
  return {
    apiVersion: `${service}.aws.m.upbound.io/v1beta1`,
    kind,
    ...(externalName === undefined ? {} : { metadata: { annotations: { 'crossplane.io/external-name': externalName } } }),
    spec: { forProvider }
  }
}
