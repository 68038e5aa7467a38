// The example that the demo applies: the file that everybody can apply, told where this demo's AWS is.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { TopicTen } from '../../api/topicten.ts'
import type { FakeAws } from '../aws/fake.ts'

const root = join(import.meta.dirname, '../..')
export const exampleFile = 'deploy/examples/topicten.yaml'
export const exampleName = 'messages'

/** The Secret with which the pods sign; its keys are what `spec.credentialsSecret` wants. */
export const secretName = 'aws-credentials'

const secretVariables = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']

/** A demo lasts seconds, and so does the time between two messages: at random, in seconds. */
const messageSeconds = { least: 1, most: 3 }

export async function readExample (): Promise<TopicTen> {
  return parse(await readFile(join(root, exampleFile), 'utf8')) as TopicTen
}

/** The example for pods that write to `aws`; `image` where they run one. */
export function exampleFor (example: TopicTen, { env }: Pick<FakeAws, 'env'>, image: string | undefined): TopicTen {
  const open = Object.entries(env).filter(([name]) => !secretVariables.includes(name))
  const { least, most } = messageSeconds
  return {
    ...example,
    spec: {
      ...example.spec,
      ...image !== undefined && { image },
      credentialsSecret: secretName,
      env: [
        ...open.map(([name, value]) => ({ name, value })),
        { name: 'MESSAGE_INTERVAL_MIN_SECONDS', value: String(least) },
        { name: 'MESSAGE_INTERVAL_MAX_SECONDS', value: String(most) }
      ]
    }
  }
}

/** The manifest of the Secret for `exampleFor`. */
export function secretFor ({ env }: Pick<FakeAws, 'env'>): object {
  const stringData = Object.fromEntries(secretVariables.map(name => [name, env[name]]))
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: secretName }, stringData }
}
