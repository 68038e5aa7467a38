// What the admission benchmark posts: reviews as an API server writes them, and the TopicTen they are about.
import { apiVersion, group, kind, topicTenLabel, version } from '../api/names.ts'
import type { TopicTenSpec, WrittenSpec } from '../api/topicten.ts'

export const cases = ['mutate', 'validate', 'deny'] as const
/** A pod to be injected, a TopicTen that is right, one with a wrong ARN. */
export type Case = typeof cases[number]

export interface Review {
  body: Buffer
  /** Where the uid starts in the body; it is as long as `uidPlaceholder`. */
  uidAt: number
}

export const uidPlaceholder = '00000000-0000-4000-8000-000000000000'

/** Must be in the namespace of the reviews for pods to be injected. */
export const topicTenName = 'bench-topicten'
export const spec: WrittenSpec = {
  replicas: 4,
  image: 'registry.example.internal/topicten/app:1.4.2',
  targetarn: 'arn:aws:s3:::topicten-prod-artifacts',
  kmsarn: 'arn:aws:kms:eu-west-3:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  cloudwatcharn: 'arn:aws:logs:eu-west-3:111122223333:log-group:/topicten/prod:*'
}
const wrongSpec: TopicTenSpec = { ...spec, kmsarn: 'arn:aws:kms:eu-west-3:11112222:key/not-a-key' }

const time = '2026-11-23T20:55:02Z'
const podKind = { group: '', version: 'v1', kind: 'Pod' }
const topicTenKind = { group, version, kind }

export function reviewOf (which: Case, namespace: string): Review {
  const request = which === 'mutate' ? podRequest(namespace) : topicTenRequest(namespace, which === 'deny' ? wrongSpec : spec)
  const body = Buffer.from(JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request }))
  return { body, uidAt: body.indexOf(uidPlaceholder) }
}

function topicTenRequest (namespace: string, asked: TopicTenSpec) {
  const object = { apiVersion, kind, metadata: { name: 'orders', namespace, labels: { team: 'payments' } }, spec: asked }
  const applied = { 'kubectl.kubernetes.io/last-applied-configuration': `${JSON.stringify(object)}\n` }
  const stored = { ...object, metadata: { ...object.metadata, annotations: applied, uid: '7c1f0f5e-9f1e-4a52-8a53-0d9a3d0c1b11', creationTimestamp: time, generation: 1 } }
  const resource = { group, version, resource: 'topictens' }
  return {
    uid: uidPlaceholder,
    kind: topicTenKind,
    resource,
    requestKind: topicTenKind,
    requestResource: resource,
    name: 'orders',
    namespace,
    operation: 'CREATE',
    userInfo: { username: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'] },
    object: managed(stored, apiVersion, 'kubectl-client-side-apply'),
    oldObject: null,
    dryRun: false,
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'kubectl-client-side-apply', fieldValidation: 'Strict' }
  }
}

function podRequest (namespace: string) {
  const resource = { group: '', version: 'v1', resource: 'pods' }
  return {
    uid: uidPlaceholder,
    kind: podKind,
    resource,
    requestKind: podKind,
    requestResource: resource,
    namespace,
    operation: 'CREATE',
    userInfo: {
      username: 'system:serviceaccount:kube-system:replicaset-controller',
      uid: '3a9a4b7e-0f9e-4b35-9a79-1a55a5a0ce1f',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=5d0f5a2e-8d8a-4f6d-9a1a-d0b1a8c6a1f7'] }
    },
    object: managed(pod(namespace), 'v1', 'kube-controller-manager'),
    oldObject: null,
    dryRun: false,
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' }
  }
}

const hash = '6d4b75cb6d'
const tokenVolume = 'kube-api-access-xk2v9'
const tokenMount = { name: tokenVolume, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }
const messages = { terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', imagePullPolicy: 'IfNotPresent' }

/** As the ReplicaSet controller creates one, defaults and the token's volume filled in. */
function pod (namespace: string) {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      generateName: `${topicTenName}-${hash}-`,
      namespace,
      creationTimestamp: null,
      labels: { app: topicTenName, [topicTenLabel]: topicTenName, 'pod-template-hash': hash },
      annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' },
      ownerReferences: [{
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: `${topicTenName}-${hash}`,
        uid: '0b4cb1f7-6b1c-4e0d-a9b3-2f5f6f1de0aa',
        controller: true,
        blockOwnerDeletion: true
      }]
    },
    spec: {
      volumes: [{ name: 'tmp', emptyDir: {} }, { name: 'log', emptyDir: {} }, {
        name: tokenVolume,
        projected: {
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } }
          ],
          defaultMode: 420
        }
      }],
      containers: [{
        name: 'topicten-container',
        image: spec.image,
        ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
        env: [
          { name: 'LOG_FORMAT', value: 'json' },
          { name: 'NODE_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.hostIP' } } }
        ],
        resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }, tokenMount],
        readinessProbe: {
          httpGet: { path: '/readyz', port: 'http', scheme: 'HTTP' },
          initialDelaySeconds: 2,
          timeoutSeconds: 1,
          periodSeconds: 5,
          successThreshold: 1,
          failureThreshold: 3
        },
        ...messages,
        securityContext: { capabilities: { drop: ['ALL'] }, runAsNonRoot: true, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false }
      }, {
        name: 'log-shipper',
        image: 'registry.example.internal/platform/log-shipper:3.2.0',
        args: ['--input=/var/log/app', '--flush=5s'],
        resources: { limits: { cpu: '100m', memory: '64Mi' }, requests: { cpu: '10m', memory: '32Mi' } },
        volumeMounts: [{ name: 'log', mountPath: '/var/log/app' }, tokenMount],
        ...messages
      }],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      serviceAccount: 'default',
      securityContext: { runAsUser: 10001, fsGroup: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      schedulerName: 'default-scheduler',
      tolerations: ['not-ready', 'unreachable'].map(each => (
        { key: `node.kubernetes.io/${each}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority'
    },
    status: {}
  }
}

/** With the record of who set which field, a third of what an API server sends. */
function managed<T extends { metadata: object }> (object: T, objectVersion: string, manager: string) {
  const { labels, annotations } = object.metadata as { labels?: object, annotations?: object }
  const fieldsV1 = { 'f:metadata': fieldsOf({ labels, annotations }), 'f:spec': fieldsOf((object as { spec?: object }).spec ?? {}) }
  const entry = { manager, operation: 'Update', apiVersion: objectVersion, time, fieldsType: 'FieldsV1', fieldsV1 }
  return { ...object, metadata: { ...object.metadata, managedFields: [entry] } }
}

/** https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management, as far as it is needed here. */
function fieldsOf (value: unknown): object {
  if (typeof value !== 'object' || value === null) return {}
  if (!Array.isArray(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [`f:${key}`, fieldsOf(each)]))
  const named = value.filter((each): each is { name: string } => typeof each === 'object' && each !== null && 'name' in each)
  return Object.fromEntries(named.map(each => [`k:${JSON.stringify({ name: each.name })}`, { '.': {}, ...fieldsOf(each) }]))
}
