import t from 'tap'
import { run } from '../../workload/program.ts'
import { arns, loggedMessages, openAws, useAws, variables } from '../fixtures/workload.ts'

const quiet = { LOG_LEVEL: 'silent' }

async function runWith (environment: Record<string, string>, signal = AbortSignal.abort()): Promise<{ code: number, said: string }> {
  let said = ''
  const code = await run(environment, signal, text => { said += text })
  return { code, said }
}

t.test('without variables it says of each what is missing, and the exit code is 78', async t => {
  const { code, said } = await runWith({})
  t.equal(code, 78)
  t.strictSame(said.trimEnd().split('\n').map(line => line.split(':').slice(0, 2).join(':')), [
    'workload: STORAGE_ARN', 'workload: AWS_KMS_ARN', 'workload: AWS_LOG_GROUP_ARN', 'workload: MY_POD_NAME', 'workload: MY_POD_NAMESPACE', 'workload: MY_POD_IP'
  ])
})

t.test('told to stop before it began, it writes nothing and exits with 0', async t => {
  const aws = await openAws(t)
  useAws(t, aws)
  t.strictSame(await runWith(variables(quiet)), { code: 0, said: '' })
  t.strictSame(loggedMessages(aws), [])
})

t.test('with storage that is unfit the exit code is 78', async t => {
  const aws = await openAws(t)
  useAws(t, aws)
  aws.createTable({ arn: arns.table, hash: { name: 'message', type: 'S' } })
  const { code, said } = await runWith(variables({ ...quiet, STORAGE_ARN: arns.table }), new AbortController().signal)
  t.equal(code, 78)
  t.match(said, /^workload: STORAGE_ARN: found the table .* the hash key "message"/)
})
