import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { FakeAws } from '../../local/aws/fake.ts'
import { freePorts } from '../../local/ports.ts'
import { arns, loggedMessages, openAws, startProgram, storedObjects, variables, type Program } from '../fixtures/workload.ts'

type Ended = Awaited<Program['ended']>

const linesOf = ({ lines }: Ended, message: string) => lines.filter(({ msg }) => msg === message)

/** Looks every few milliseconds; the fake AWS does not tell of its calls. */
async function until (holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => { setTimeout(resolve, 2) })
}

/** Ids that are in one place and not in the other. */
function halves (aws: FakeAws): string[] {
  const stored = new Set(storedObjects(aws).map(({ id }) => id))
  const logged = new Set(loggedMessages(aws).map(({ id }) => id))
  return [...stored, ...logged].filter(id => !stored.has(id) || !logged.has(id))
}

t.test('told to stop at any moment of a round, it exits with 0 and no half message is unreported', async t => {
  for (let run = 0; run < 8; run++) {
    const aws = await openAws(t)
    // Every other run has no time to finish, so that there is something to report.
    const short = run % 2 === 1
    aws.inject({ kinds: ['lost', 'hang', 'error', 'throttle'], rate: short ? 0.4 : 0.1, seed: run, after: 2 })
    const program = startProgram(t, { ...aws.env, ...variables({ SHUTDOWN_DEADLINE_SECONDS: short ? '0.03' : '10', CALL_TIMEOUT_SECONDS: '0.3' }) })
    const moment = 2 + Math.floor(Math.random() * 12)
    await until(() => aws.calls.length >= moment)
    program.child.kill('SIGTERM')
    const ended = await program.ended
    t.match(ended, { code: 0, signal: null, stderr: '' }, `run ${run}, after call ${moment}`)
    const reported = linesOf(ended, 'message given up').map(({ id }) => id)
    t.strictSame(halves(aws).filter(id => !reported.includes(id)), [], `run ${run}: ${reported.length} reported`)
    if (!short) t.strictSame(reported, [], `run ${run}: with time to finish nothing is given up`)
  }
})

t.test('a message that cannot be finished in time is reported with what is missing', async t => {
  const aws = await openAws(t)
  aws.inject({ kinds: ['hang'], operations: ['PutLogEvents'] })
  const program = startProgram(t, { ...aws.env, ...variables({ SHUTDOWN_DEADLINE_SECONDS: '0.2' }) })
  await until(() => aws.calls.some(({ fault }) => fault === 'hang'))
  program.child.kill('SIGTERM')
  const ended = await program.ended
  t.equal(ended.code, 0)
  t.match(linesOf(ended, 'message given up'), [
    { level: 50, id: halves(aws)[0], missing: ['log'], perhaps: ['log'], half: true, reason: 'the process ends', pod: 'web-1', namespace: 'default' }
  ])
  t.match(linesOf(ended, 'stopped'), [{ complete: 0, givenUp: 1 }])
})

t.test('told to stop while it sleeps, or twice, it stops at once', async t => {
  const aws = await openAws(t)
  const program = startProgram(t, { ...aws.env, ...variables({ MESSAGE_INTERVAL_MIN_SECONDS: '3600', MESSAGE_INTERVAL_MAX_SECONDS: '3600' }) })
  await until(() => aws.events(arns.logGroup).size > 0)
  program.child.kill('SIGINT')
  program.child.kill('SIGTERM')
  const ended = await program.ended
  t.match(ended, { code: 0, signal: null })
  t.match(linesOf(ended, 'stopped'), [{ complete: 1, givenUp: 0 }])
})

t.test('variables that are wrong are named, a line each, and the exit code is 78', async t => {
  const ended = await startProgram(t, { ...variables({ AWS_KMS_ARN: 'nonsense', MY_POD_IP: '' }) }).ended
  t.match(ended, { code: 78, stdout: '', stderr: /^workload: AWS_KMS_ARN: found "nonsense", which .*\nworkload: MY_POD_IP: is missing.*\n$/ })
})

const unfit: Record<string, { variables: Record<string, string>, prepare: (aws: FakeAws) => void, words: RegExp }> = {
  'a table with another key': {
    variables: { STORAGE_ARN: arns.table },
    prepare: aws => { aws.createTable({ arn: arns.table, hash: { name: 'id', type: 'B' } }) },
    words: /^workload: STORAGE_ARN: found the table .* the hash key "id" of type B; expected a hash key of type S/
  },
  'a bucket that is none': {
    variables: { STORAGE_ARN: 'arn:aws:s3:::no-such-bucket' },
    prepare: () => {},
    words: /^workload: STORAGE_ARN: found the bucket "no-such-bucket", which does not exist/
  }
}
for (const [name, { variables: more, prepare, words }] of Object.entries(unfit)) {
  t.test(`with ${name} the exit code is 78`, async t => {
    const aws = await openAws(t)
    prepare(aws)
    const ended = await startProgram(t, { ...aws.env, ...variables(more) }).ended
    t.match(ended, { code: 78, stderr: words })
  })
}

t.test('a port that is taken is told with its variable', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as AddressInfo
  const ended = await startProgram(t, variables({ HTTP_ADDRESS: '127.0.0.1', HTTP_PORT: String(port) })).ended
  t.match(ended, { code: 78, stderr: /^workload: HTTP_PORT: found \d+, which cannot be listened on \(.*EADDRINUSE/ })
})

t.test('when AWS is away at the start, it goes on, and says once that it fails and once that it works', async t => {
  const aws = await openAws(t)
  const mend = aws.inject({ kinds: ['reset'] })
  const [port = 0] = await freePorts(1)
  const program = startProgram(t, { ...aws.env, ...variables({ STORAGE_ARN: arns.table, HTTP_ADDRESS: '127.0.0.1', HTTP_PORT: String(port) }) })
  await until(() => aws.calls.length >= 10)
  t.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200)
  t.match(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), /topicten_workload_failures_total\{step="encrypt",kind="network"\} ([4-9]|\d{2,})\n/)
  mend()
  await until(() => aws.items(arns.table).length >= 5 && loggedMessages(aws).length >= 5)
  program.child.kill('SIGTERM')
  const ended = await program.ended
  t.match(ended, { code: 0 })
  t.strictSame(linesOf(ended, 'step fails').map(({ step, kind }) => `${step} ${kind}`), ['prepare network', 'encrypt network'])
  t.strictSame(linesOf(ended, 'step works again').map(({ step }) => step), ['encrypt', 'prepare'])
  t.strictSame(linesOf(ended, 'message given up'), [])
})

/** One message, with the credentials that these variables lead to. */
async function writesWith (t: Test, aws: FakeAws, environment: Record<string, string>): Promise<Set<string>> {
  const program = startProgram(t, { AWS_ENDPOINT_URL: aws.endpoint, AWS_EC2_METADATA_DISABLED: 'true', ...variables(), ...environment })
  await until(() => aws.events(arns.logGroup).size > 0)
  program.child.kill('SIGTERM')
  t.match(await program.ended, { code: 0 })
  t.strictSame(halves(aws), [])
  return new Set(aws.calls.filter(({ accessKeyId }) => accessKeyId !== '').map(({ accessKeyId }) => accessKeyId.slice(0, 4)))
}

t.test('credentials come from the environment', async t => {
  const aws = await openAws(t, { credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' } })
  t.strictSame(await writesWith(t, aws, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' }), new Set(['AKID']))
})

t.test('credentials come from a web identity', async t => {
  const roleArn = 'arn:aws:iam::123456789012:role/topicten'
  const aws = await openAws(t, { identities: [{ roleArn, token: 'a.web.token' }] })
  const file = join(t.testdir(), 'token')
  await writeFile(file, 'a.web.token')
  t.strictSame(await writesWith(t, aws, { AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: file }), new Set(['ASIA']))
  t.ok(aws.calls.some(({ service, outcome }) => service === 'sts' && outcome === 'ok'))
})

t.test('credentials come from the container\'s endpoint', async t => {
  const aws = await openAws(t)
  const { uri, token } = aws.container
  const file = join(t.testdir(), 'token')
  await writeFile(file, token)
  const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file }
  t.strictSame(await writesWith(t, aws, environment), new Set(['ASIA']))
  t.ok(aws.calls.some(({ service, outcome }) => service === 'container' && outcome === 'ok'))
})

t.test('without credentials it goes on and says so once', async t => {
  const aws = await openAws(t)
  const program = startProgram(t, { AWS_ENDPOINT_URL: aws.endpoint, AWS_EC2_METADATA_DISABLED: 'true', ...variables() })
  const said = await new Promise<string>(resolve => {
    let text = ''
    program.child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('step fails')) resolve(text)
    })
  })
  t.match(said, /"kind":"credentials"/)
  program.child.kill('SIGTERM')
  t.match(await program.ended, { code: 0 })
})
