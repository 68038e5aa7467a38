import t from 'tap'
import { partitions } from '../../api/partitions.ts'
import { openClients } from '../../workload/clients.ts'
import { runWorkload } from '../../workload/workload.ts'
import { keepLog } from '../fixtures/log.ts'
import { openAws, testConfig, useAws } from '../fixtures/workload.ts'

const never = new AbortController().signal

for (const { id, regions } of partitions) {
  t.test(`in ${id} each request is signed for the region of its own ARN`, async t => {
    const aws = await openAws(t)
    useAws(t, aws)
    // As many different regions as the partition has.
    const [bucketRegion = '', keyRegion = '', groupRegion = '', tableRegion = ''] = [0, 1, 2, 3].map(index => regions[index % regions.length] ?? '')
    const key = `arn:${id}:kms:${keyRegion}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab`
    const logGroup = `arn:${id}:logs:${groupRegion}:123456789012:log-group:/far:*`
    const table = `arn:${id}:dynamodb:${tableRegion}:123456789012:table/far`
    aws.createBucket({ name: 'far-away', region: bucketRegion })
    aws.createTable({ arn: table, hash: { name: 'id', type: 'S' } })
    aws.createKey({ arn: key })
    aws.createLogGroup({ arn: logGroup })
    for (const storage of [`arn:${id}:s3:::far-away`, table]) {
      const config = testConfig({ STORAGE_ARN: storage, AWS_KMS_ARN: key, AWS_LOG_GROUP_ARN: logGroup, AWS_REGION: bucketRegion })
      t.match(await runWorkload({ config, logger: keepLog(), signal: never, limit: 1 }), { complete: 1, givenUp: [] })
    }
    t.strictSame(new Set(aws.calls.map(({ service, region }) => `${service} ${region}`)), new Set([
      `kms ${keyRegion}`, `s3 ${bucketRegion}`, `dynamodb ${tableRegion}`, `logs ${groupRegion}`
    ]))
  })
}

t.test('without a region the bucket is looked for in the key\'s', async t => {
  const aws = await openAws(t)
  useAws(t, aws)
  const config = testConfig({ AWS_REGION: '' })
  await runWorkload({ config, logger: keepLog(), signal: never, limit: 1 })
  t.ok(aws.calls.some(({ service, region }) => service === 's3' && region === 'eu-west-3'))
})

t.test('a bucket in another region than thought is found where S3 says', async t => {
  const aws = await openAws(t)
  useAws(t, aws)
  const config = testConfig({ AWS_REGION: 'us-east-1' })
  t.match(await runWorkload({ config, logger: keepLog(), signal: never, limit: 1 }), { complete: 1 })
  t.strictSame(aws.calls.filter(({ service }) => service === 's3').map(({ region, outcome }) => `${region} ${outcome}`), [
    'us-east-1 PermanentRedirect', 'eu-west-3 ok'
  ])
})

t.test('an endpoint without a host name per bucket is reached by path', async t => {
  const aws = await openAws(t, { host: 'localhost' })
  useAws(t, aws)
  const config = testConfig({ S3_FORCE_PATH_STYLE: 'true' })
  t.match(await runWorkload({ config, logger: keepLog(), signal: never, limit: 1 }), { complete: 1 })
})

t.test('an ARN that is none is refused', async t => {
  const { arns } = testConfig()
  t.throws(() => openClients({ ...arns, key: arns.logGroup }, undefined, { callTimeoutMs: 5000, forcePathStyle: false }), { message: /^the ARN "arn:aws:logs:/ })
})
