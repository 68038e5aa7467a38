import t from 'tap'
import { compose } from '../../../deploy/services/service2/function/compose.ts'
import type { Json } from '../../../deploy/services/service2/function/service-two.ts'

const service = (spec: Json = {}, status: Json = {}): Json => ({
  apiVersion: 'service.lyc-handson-aws.com/v1alpha1',
  kind: 'ServiceTwo',
  metadata: { name: 'messages', namespace: 'app2' },
  spec: { image: 'example.com/workload:1', replicas: 4, location: 'Paris', ...spec },
  status
})
const arns = {
  targetarn: 'arn:aws:s3:::app2-messages',
  kmsarn: 'arn:aws:kms:eu-west-3:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  cloudwatcharn: 'arn:aws:logs:eu-west-3:111122223333:log-group:/topicten/app2/messages'
}
const made = (arn: string): Json => ({ status: { atProvider: { arn }, conditions: [{ type: 'Ready', status: 'True' }] } })
const observed = { bucket: made(arns.targetarn), key: made(arns.kmsarn), 'log-group': made(arns.cloudwatcharn) }
const atOnce = ['key', 'log-group', 'bucket', 'bucket-website', 'bucket-encryption', 'bucket-access']

t.test('the first pass makes the managed resources and withholds the TopicTen', async t => {
  const { resources, waiting, condition, status } = compose({ composite: service(), composed: {} })
  t.strictSame(Object.keys(resources), atOnce)
  t.equal(waiting, true)
  t.strictSame(status, {})
  t.strictSame(condition, {
    type: 'ArnsResolved', status: false, reason: 'Waiting', message: 'waiting for the ARN of bucket, key, log-group'
  })
})

t.test('a pass that knows every ARN makes the TopicTen, and a ConfigMap of them', async t => {
  const { resources, waiting, status } = compose({ composite: service(), composed: observed })
  t.strictSame(Object.keys(resources), [...atOnce, 'bucket-policy', 'arns', 'topicten'])
  t.equal(waiting, false)
  t.strictSame(status, arns)
  t.strictSame(resources['arns']?.resource['data'], arns)
  t.strictSame(resources['topicten']?.resource['spec'], { image: 'example.com/workload:1', replicas: 4, ...arns })
  t.strictSame([resources['bucket']?.ready, resources['topicten']?.ready], [true, false])
})

t.test('the TopicTen is withheld while any one ARN is missing', async t => {
  for (const name of Object.keys(observed)) {
    const { [name as keyof typeof observed]: _, ...others } = observed
    const { resources, condition } = compose({ composite: service(), composed: others })
    t.equal(resources['topicten'], undefined)
    t.equal(condition.message, `waiting for the ARN of ${name}`)
  }
})

t.test('an ARN that the provider for once does not report stays', async t => {
  const { resources, waiting } = compose({ composite: service({}, arns), composed: {} })
  t.ok(resources['topicten'])
  t.equal(waiting, false)
})

t.test('readiness is about the object as it is now', async t => {
  const stale = { metadata: { generation: 2 }, status: { conditions: [{ type: 'Ready', status: 'True', observedGeneration: 1 }] } }
  t.equal(compose({ composite: service(), composed: { key: stale } }).resources['key']?.ready, false)
})

t.test('a bucket is private unless the public is asked for', async t => {
  for (const isPublic of [false, true]) {
    const { resources } = compose({ composite: service({ public: isPublic }), composed: observed })
    const access = (resources['bucket-access']?.resource['spec'] as { forProvider: Json }).forProvider
    const { policy } = (resources['bucket-policy']?.resource['spec'] as { forProvider: { policy: string } }).forProvider
    const { Statement } = JSON.parse(policy) as { Statement: Array<{ Effect: string, Action: string }> }
    t.equal(access['blockPublicPolicy'], !isPublic)
    t.strictSame(Statement.filter(({ Effect }) => Effect === 'Allow').map(({ Action }) => Action), isPublic ? ['s3:GetObject'] : [])
  }
})

const faults: Array<[string, Json, string]> = [
  ['an unknown location', { location: 'Atlantis' }, 'spec.location: found "Atlantis"; expected one of Frankfurt, Ireland, Oregon, Paris, Tokyo, Virginia'],
  ['one replica', { replicas: 1 }, 'spec.replicas: found 1; expected a whole number from 2 to 5'],
  ['half a replica', { replicas: 2.5 }, 'spec.replicas: found 2.5; expected a whole number from 2 to 5'],
  ['no image', { image: undefined }, 'spec.image: found nothing; expected an image reference'],
  ['a public that is a word', { public: 'yes' }, 'spec.public: found "yes"; expected true or false'],
  ['two at once', { replicas: 6, location: '' },
    'spec.replicas: found 6; expected a whole number from 2 to 5; spec.location: found ""; expected one of Frankfurt, Ireland, Oregon, Paris, Tokyo, Virginia']
]
for (const [name, spec, message] of faults) {
  t.test(`${name} is refused with all that is wrong`, async t => {
    t.throws(() => compose({ composite: service(spec), composed: {} }), { name: 'InvalidServiceTwoError', message })
  })
}
