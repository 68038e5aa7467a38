import t from 'tap'
import { ConfigError, readConfig } from '../../workload/config.ts'
import { arns } from '../fixtures/workload.ts'

const injected = {
  STORAGE_ARN: arns.bucket,
  AWS_KMS_ARN: arns.key,
  AWS_LOG_GROUP_ARN: arns.logGroup,
  AWS_REGION: 'eu-west-3',
  MY_POD_NAME: 'web-1',
  MY_POD_NAMESPACE: 'default',
  MY_POD_IP: '10.0.0.7'
}

t.test('what the webhook injects is enough', async t => {
  t.strictSame(readConfig(injected), {
    arns: { storage: arns.bucket, key: arns.key, logGroup: arns.logGroup },
    region: 'eu-west-3',
    pod: { name: 'web-1', namespace: 'default', ip: '10.0.0.7' },
    intervalMinMs: 30_000,
    intervalMaxMs: 60_000,
    layout: 'objects',
    pageMessages: 100,
    encryptionContext: true,
    forcePathStyle: false,
    callTimeoutMs: 5_000,
    shutdownDeadlineMs: 20_000,
    httpAddress: undefined,
    httpPort: 8080,
    livenessMs: 360_000,
    logLevel: 'info'
  })
})

t.test('options are taken, empty ones are unset, and limits follow the longest interval', async t => {
  const interval = { MESSAGE_INTERVAL_MIN_SECONDS: '0.5', MESSAGE_INTERVAL_MAX_SECONDS: '2' }
  const options = { ...interval, ENCRYPTION_CONTEXT: 'false', HTTP_PORT: '', AWS_REGION: '' }
  const expected = { intervalMinMs: 500, intervalMaxMs: 2_000, livenessMs: 70_000, encryptionContext: false, httpPort: 8080 }
  t.match(readConfig({ ...injected, ...options }), expected)
  t.match(readConfig({ ...injected, MESSAGE_INTERVAL_MIN_SECONDS: '90' }), { intervalMinMs: 90_000, intervalMaxMs: 90_000 })
  t.match(readConfig({ ...injected, HTTP_ADDRESS: '::1', STORAGE_LAYOUT: 'page', PAGE_MESSAGES: '7' }),
    { httpAddress: '::1', layout: 'page', pageMessages: 7 })
})

t.test('the region of the bucket is not judged when a table is written to', async t => {
  t.match(readConfig({ ...injected, STORAGE_ARN: arns.table, AWS_REGION: 'nowhere' }), { region: 'nowhere' })
})

const wrong: Record<string, [Record<string, string>, RegExp]> = {
  'no storage': [{ STORAGE_ARN: '' }, /^STORAGE_ARN: is missing; expected arn:PARTITION:s3:::BUCKET or /],
  'an object for a bucket': [{ STORAGE_ARN: `${arns.bucket}/key` }, /^STORAGE_ARN: found "arn:aws:s3:::messages-of-tests\/key", which is the ARN of an object/],
  'a group for a key': [{ AWS_KMS_ARN: arns.logGroup }, /^AWS_KMS_ARN: found "arn:aws:logs:/],
  'a key for a group': [{ AWS_LOG_GROUP_ARN: arns.key }, /^AWS_LOG_GROUP_ARN: found "arn:aws:kms:/],
  'a terminal escape': [{ AWS_KMS_ARN: '\u001b[2J' }, /^AWS_KMS_ARN: found "\\u\{1b\}\[2J", which contains the control character U\+001B/],
  'a long text': [{ AWS_KMS_ARN: 'x'.repeat(5000) }, /^AWS_KMS_ARN: found "x{97}\.\.\.", which /],
  'a region of another partition': [{ AWS_REGION: 'cn-north-1' }, /^AWS_REGION: found "cn-north-1", which names the region cn-north-1 of the partition aws-cn/],
  'no pod': [{ MY_POD_NAME: '' }, /^MY_POD_NAME: is missing; expected the name of the pod$/],
  'a pod that cannot be': [{ MY_POD_NAME: 'Web 1' }, /^MY_POD_NAME: found "Web 1", which is no Kubernetes name; expected /],
  'no namespace': [{ MY_POD_NAMESPACE: '' }, /^MY_POD_NAMESPACE: is missing/],
  'no address': [{ MY_POD_IP: '' }, /^MY_POD_IP: is missing/],
  'an address that is none': [{ MY_POD_IP: '10.0.0.256' }, /^MY_POD_IP: found "10\.0\.0\.256", which is no IP address; expected an IPv4 or IPv6 address$/],
  'partitions that differ': [{ AWS_KMS_ARN: arns.key.replace('arn:aws:kms:eu-west-3', 'arn:aws-cn:kms:cn-north-1') }, /^STORAGE_ARN, AWS_KMS_ARN, AWS_LOG_GROUP_ARN: found the partitions aws, aws-cn, aws; expected one/],
  'a word for a number': [{ CALL_TIMEOUT_SECONDS: 'soon' }, /^CALL_TIMEOUT_SECONDS: found "soon", which is out of range; expected a number from 0\.01 to 600$/],
  'a number in another notation': [{ CALL_TIMEOUT_SECONDS: '0x5' }, /^CALL_TIMEOUT_SECONDS: found "0x5", which is not such a number; expected a number/],
  'an interval of nothing': [{ MESSAGE_INTERVAL_MIN_SECONDS: '0' }, /^MESSAGE_INTERVAL_MIN_SECONDS: found "0"/],
  'a shortest interval that is the longer': [{ MESSAGE_INTERVAL_MAX_SECONDS: '5' }, /^MESSAGE_INTERVAL_MAX_SECONDS: found 5, which is less than MESSAGE_INTERVAL_MIN_SECONDS; expected at least 30$/],
  'a fraction of a message': [{ PAGE_MESSAGES: '1.5' }, /^PAGE_MESSAGES: found "1\.5", which is not such a number; expected a whole number from 1 to 10000$/],
  'an unknown layout': [{ STORAGE_LAYOUT: 'heap' }, /^STORAGE_LAYOUT: found "heap", which is none of the choices; expected objects, page$/],
  'a page in a table': [{ STORAGE_ARN: arns.table, STORAGE_LAYOUT: 'page' }, /^STORAGE_LAYOUT: found "page", which is for buckets, with a table/],
  'a flag that is neither': [{ ENCRYPTION_CONTEXT: 'yes' }, /^ENCRYPTION_CONTEXT: found "yes", which is none of the choices; expected true, false$/],
  'a port that cannot be': [{ HTTP_PORT: '65536' }, /^HTTP_PORT: found "65536", which is out of range/],
  'a name for an address': [{ HTTP_ADDRESS: 'localhost' }, /^HTTP_ADDRESS: found "localhost", which is no IP address/],
  'an unknown level': [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL: found "loud", which is none of the choices; expected trace, /],
  'several at once, a line each': [{ MY_POD_IP: 'x', HTTP_PORT: 'y' }, /^MY_POD_IP: .*\nHTTP_PORT: .*$/]
}
for (const [name, [variables, message]] of Object.entries(wrong)) {
  t.throws(() => readConfig({ ...injected, ...variables }), { constructor: ConfigError, exitCode: 78, message }, name)
}

t.test('with no environment at all each of the variables is named', async t => {
  t.throws(() => readConfig({}), { message: /^STORAGE_ARN.*\nAWS_KMS_ARN.*\nAWS_LOG_GROUP_ARN.*\nMY_POD_NAME.*\nMY_POD_NAMESPACE.*\nMY_POD_IP.*$/ })
})
