import t from 'tap'
import { resolveArns } from '../../api/rules.ts'
import type { TopicTen, TopicTenSpec, WrittenSpec } from '../../api/topicten.ts'
import { settledMark, writeFor, type Write } from '../../reconciler/deployment.ts'
import { type ObservedDeployment, observeDeployment, ownershipOf } from '../../reconciler/observed.ts'
import { aDeployment, aTopicTen } from '../fixtures/topicten.ts'

const target = { replicas: 5, stepDue: 0, countedFrom: 5 }

const resolved = ({ spec }: TopicTen) => resolveArns(spec as WrittenSpec)

function write (spec: Partial<TopicTenSpec>, observed?: ObservedDeployment, wanted = target, settled = false): Write | undefined {
  const topicTen = aTopicTen(spec)
  return writeFor(topicTen, resolved(topicTen), wanted, observed, settled)
}

/** The Deployment as the API server keeps it after the create of `spec`. */
function made (spec: Partial<TopicTenSpec> = {}): ObservedDeployment {
  const body = write(spec)!.body as Parameters<typeof observeDeployment>[0]
  return observeDeployment({ ...body, metadata: { ...body.metadata!, uid: 'uid-d', resourceVersion: '20', generation: 1 } })
}

t.test('a Deployment that is not there is applied with a version that no live object has', async t => {
  t.strictSame(write({ env: [{ name: 'COLOUR', value: 'blue' }], credentialsSecret: 'aws' }), {
    how: 'create',
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'alpha',
        namespace: 'team',
        labels: { app: 'alpha', 'app.lyc-handson-aws.com/topicten': 'alpha' },
        annotations: {
          'app.lyc-handson-aws.com/step-due': '1970-01-01T00:00:00.000Z',
          'app.lyc-handson-aws.com/counted-from': '5',
          'app.lyc-handson-aws.com/template': made({ env: [{ name: 'COLOUR', value: 'blue' }], credentialsSecret: 'aws' })
            .metadata.annotations['app.lyc-handson-aws.com/template']
        },
        ownerReferences: [{ apiVersion: 'app.lyc-handson-aws.com/v1alpha1', kind: 'TopicTen', name: 'alpha', uid: 'uid-1', controller: true }],
        resourceVersion: '1'
      },
      spec: {
        replicas: 5,
        selector: { matchLabels: { 'app.lyc-handson-aws.com/topicten': 'alpha' } },
        template: {
          metadata: {
            labels: { app: 'alpha', 'app.lyc-handson-aws.com/topicten': 'alpha' },
            annotations: made().template.metadata!.annotations
          },
          spec: {
            containers: [{
              name: 'topicten-container',
              image: 'registry.example.com/topicten/workload:1.0.0',
              env: [
                { name: 'AWS_ACCESS_KEY_ID', valueFrom: { secretKeyRef: { name: 'aws', key: 'AWS_ACCESS_KEY_ID', optional: true } } },
                { name: 'AWS_SECRET_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'aws', key: 'AWS_SECRET_ACCESS_KEY', optional: true } } },
                { name: 'AWS_SESSION_TOKEN', valueFrom: { secretKeyRef: { name: 'aws', key: 'AWS_SESSION_TOKEN', optional: true } } },
                { name: 'COLOUR', value: 'blue' }
              ],
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
            }],
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }
          }
        }
      }
    }
  })
})

t.test('one that is as it should be is not written', async t => {
  t.equal(write({}, made()), undefined)
})

t.test('a step is a patch of the count and its annotations, on the version that was seen', async t => {
  t.strictSame(write({}, made(), { replicas: 4, stepDue: 60_000, countedFrom: 5 }), {
    how: 'patch',
    body: {
      metadata: {
        annotations: { 'app.lyc-handson-aws.com/step-due': '1970-01-01T00:01:00.000Z', 'app.lyc-handson-aws.com/counted-from': '5' },
        uid: 'uid-d',
        resourceVersion: '20'
      },
      spec: { replicas: 4 }
    }
  })
})

const edits: Array<Partial<TopicTenSpec>> = [
  { image: 'registry.example.com/other:2' },
  { targetarn: 'arn:aws:s3:::another-bucket' },
  { kmsarn: 'arn:aws:kms:eu-west-3:111122223333:alias/other' },
  { cloudwatcharn: 'arn:aws:logs:eu-west-3:111122223333:log-group:/other' },
  { region: 'us-east-1' },
  { env: [{ name: 'COLOUR', value: 'red' }] },
  { serviceAccountName: 'worker' },
  { imagePullSecrets: [{ name: 'pull' }] },
  { resources: { requests: { cpu: '100m' } } },
  { nodeSelector: { disk: 'ssd' } },
  { tolerations: [{ key: 'spot', operator: 'Exists' }] },
  { podSecurityContext: { runAsUser: 1000 } },
  { securityContext: { readOnlyRootFilesystem: true } },
  { credentialsSecret: 'aws' }
]
for (const edit of edits) {
  t.equal(write(edit, made())?.how, 'apply', `an edit of ${Object.keys(edit).join()} is applied`)
  t.equal(write({}, made(edit))?.how, 'apply', `and so is taking ${Object.keys(edit).join()} away again`)
}

t.test('an edit of replicas or suspend rolls no pod', async t => {
  t.equal(write({ suspend: true }, made()), undefined)
  t.equal(write({ replicas: 3 }, made(), { replicas: 3, stepDue: 0, countedFrom: 3 })?.how, 'patch')
})

t.test('what another hand changed of ours is applied again, what it added is left', async t => {
  const changed = made()
  changed.template.spec!.containers[0]!.image = 'evil:1'
  t.equal(write({}, changed)?.how, 'apply')
  const added = made()
  added.template.spec!.containers.push({ name: 'sidecar', image: 'proxy:1' })
  t.equal(write({}, added), undefined)
})

t.test('a settled Deployment is not applied again for the form the API server gives its values', async t => {
  const spec = { resources: { requests: { cpu: '1000m' } } }
  const live = made(spec)
  live.template.spec!.containers[0]!.resources = { requests: { cpu: '1' } }
  t.equal(write(spec, live, target, false)?.how, 'apply')
  t.equal(write(spec, live, target, true), undefined)
  const topicTen = aTopicTen(spec)
  t.match(settledMark(topicTen, resolved(topicTen), live), /^uid-d\/1\/[0-9a-f]{16}$/)
})

t.test('a template that another release made of the same wishes stays, and steps go on', async t => {
  const live = made()
  const [asked] = live.metadata.annotations['app.lyc-handson-aws.com/template']!.split('.')
  live.metadata.annotations['app.lyc-handson-aws.com/template'] = `${asked}.0123456789abcdef`
  live.template.spec!.containers[0]!.securityContext = {}
  t.equal(write({}, live), undefined)
  t.equal(write({}, live, { ...target, replicas: 4 })?.how, 'patch')
})

t.test('a lost label and a lost owner reference are put back, those of others stay', async t => {
  const live = made()
  live.metadata.labels = { app: 'alpha' }
  live.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'uid-c' }]
  const body = write({}, live)?.body as { metadata: { labels: unknown, ownerReferences: Array<{ uid: string }> } }
  t.strictSame(body.metadata.labels, { app: 'alpha', 'app.lyc-handson-aws.com/topicten': 'alpha' })
  t.strictSame(body.metadata.ownerReferences.map(({ uid }) => uid), ['uid-c', 'uid-1'])
})

const owner = (rest: object) => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind: 'X', name: 'alpha', uid: 'x', controller: true, ...rest }] })
const ownerships: Record<string, [ObservedDeployment, string]> = {
  'controlled by this TopicTen': [aDeployment(), 'ours'],
  'with our label and nobody in control': [aDeployment({ metadata: { ownerReferences: [] } }), 'adoptable'],
  'with our label and another selector': [aDeployment({ metadata: { ownerReferences: [] }, selector: { app: 'alpha' } }), 'foreign'],
  'without our label': [aDeployment({ metadata: { ownerReferences: [], labels: {} } }), 'foreign'],
  'controlled by something else': [aDeployment({ metadata: owner({}) }), 'foreign'],
  'controlled by a TopicTen of this name that is gone': [
    aDeployment({ metadata: owner({ apiVersion: 'app.lyc-handson-aws.com/v1alpha1', kind: 'TopicTen' }) }), 'collected'],
  'being deleted': [aDeployment({ metadata: { deleting: true } }), 'collected']
}
for (const [name, [deployment, expected]] of Object.entries(ownerships)) t.equal(ownershipOf(deployment, aTopicTen()), expected, name)
