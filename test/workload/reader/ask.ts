import t from 'tap'
import { ask, errorName } from '../../../workload/reader/ask.ts'

const question = { operation: 'S3 ListObjectsV2', arn: 'arn:aws:s3:::ours', right: 's3:ListBucket' }
const named = (name: string, message = '') => Object.assign(new Error(message), { name })

const table: [Error, string][] = [
  [named('AccessDenied', 'no'), 'was denied; the right s3:ListBucket on it may be missing, in the caller\'s policy or the resource\'s (AccessDenied: no)'],
  [named('NoSuchBucket'), 'found nothing there; check the ARN, its account and its region (NoSuchBucket)'],
  [named('CredentialsProviderError', 'none'), 'could not be sent; no credentials were found in the environment, the shared files or the container (CredentialsProviderError: none)'],
  [named('ExpiredTokenException'), 'was refused for its credentials; they may be expired, of another partition, or the clock wrong (ExpiredTokenException)'],
  [named('ThrottlingException'), 'was throttled again and again; try again later (ThrottlingException)'],
  [named('DisabledException'), 'was refused for the key\'s state; it must be enabled and be a key to encrypt and decrypt with (DisabledException)'],
  [named('PermanentRedirect'), 'went to the wrong region; name the bucket\'s with --region (PermanentRedirect)'],
  [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'got no answer; check the network and, if one is set, AWS_ENDPOINT_URL (ECONNREFUSED: connect)'],
  [named('TimeoutError', 'late'), 'got no answer; check the network and, if one is set, AWS_ENDPOINT_URL (TimeoutError: late)'],
  [named('InternalError', 'oops \u001b[1m'), 'failed; it needs the right s3:ListBucket (InternalError: oops \\u{1b}[1m)']
]

for (const [error, sentence] of table) {
  await t.test(`${errorName(error)} is told in a sentence`, async t => {
    await t.rejects(ask(question, async () => { throw error }), {
      name: 'AskError', message: `S3 ListObjectsV2 on arn:aws:s3:::ours ${sentence}`, cause: error
    })
  })
}

await t.test('an answer is given on', async t => {
  t.equal(await ask(question, async () => 5), 5)
})

await t.test('what may be absent is undefined then, and only then', async t => {
  t.equal(await ask(question, async () => { throw named('NoSuchKey') }, ['NoSuchKey']), undefined)
  await t.rejects(ask(question, async () => { throw named('AccessDenied') }, ['NoSuchKey']), { name: 'AskError' })
})

await t.test('what is no Error has a name too', async t => {
  t.equal(errorName('text'), 'Error')
  t.equal(errorName(new Error('plain')), 'Error')
})
