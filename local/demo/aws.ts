// The demo's AWS: a strict fake with what the example's ARNs name, and what the pods wrote to it.
import { join } from 'node:path'
import { parseLogGroupArn } from '../../api/log-group-arn.ts'
import { parseStorageArn } from '../../api/storage-arn.ts'
import type { TopicTenSpec } from '../../api/topicten.ts'
import { type FakeAws, startFakeAws } from '../aws/fake.ts'
import { runCommand } from '../command.ts'
import { type Demo, type Step, made } from './demo.ts'
import { exampleName, readExample } from './example.ts'

const root = join(import.meta.dirname, '../..')

export const startAws: Step = {
  title: 'AWS: a strict fake of KMS, S3, DynamoDB and CloudWatch Logs on this machine',
  async run (demo) {
    const aws = await startFakeAws({ host: made(demo.place, 'cluster').thisMachine ?? '127.0.0.1' })
    demo.aws = aws
    demo.undo.unshift({ title: 'Stop AWS', run: () => aws.close() })
    provide(aws, (await readExample()).spec)
  }
}

/** Makes what the ARNs name. */
function provide (aws: FakeAws, { targetarn = '', kmsarn = '', cloudwatcharn = '' }: Partial<TopicTenSpec>): void {
  const [storage, group] = [parseStorageArn(targetarn), parseLogGroupArn(cloudwatcharn)]
  if (!storage.ok || !group.ok) throw new Error('the example has an ARN that is none')
  if (storage.arn.kind === 'bucket') aws.createBucket({ name: storage.arn.name, region: group.arn.region })
  else aws.createTable({ arn: storage.arn.text, hash: { name: 'id', type: 'S' } })
  aws.createKey({ arn: kmsarn })
  aws.createLogGroup({ arn: cloudwatcharn })
}

/** Reads what was written, decrypts it, and rejects unless log and storage agree on every message. */
export const readMessages: Step = {
  title: 'Messages, read back from the storage and decrypted from the log',
  async run (demo) {
    const { namespace } = made(demo.place, 'cluster')
    const { spec: { targetarn = '', kmsarn = '', cloudwatcharn = '' } } = await readExample()
    demo.reader = [
      'read', '--namespace', namespace, '--name', exampleName, '--storage', targetarn, '--key', kmsarn, '--log-group', cloudwatcharn
    ]
    demo.messages = await runReader(demo, demo.reader)
  }
}

function runReader ({ env, execPath, aws }: Demo, args: string[]): Promise<string> {
  const program = [join(root, 'workload/main.ts'), ...args]
  return runCommand(execPath, program, { env: { PATH: env['PATH'], ...made(aws, 'AWS').env } })
}
