// One load on the webhooks of an operator, from a thread of its own, and what it needs: a certificate, a TopicTen.
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { apiVersion, kind, plural } from '../api/names.ts'
import { makeCertificates } from '../local/certificates.ts'
import type { LoadResult, LoadSettings } from './generator.ts'
import type { OperatorProcess } from './operator-process.ts'
import type { Operator } from './operators.ts'
import { type Case, spec, topicTenName } from './reviews.ts'
import type { Stage } from './stage.ts'

/** kube-apiserver has about as many to one webhook when it is busy. */
export const openConnections = 64

type Target = Pick<LoadSettings, 'port' | 'path' | 'which' | 'namespace' | 'pid'>

export function targetOf ({ namespace }: Stage, { paths }: Operator, { ports, pid }: OperatorProcess, which: Case): Target {
  return { port: ports.webhook, path: which === 'mutate' ? paths.mutate : paths.validate, which, namespace, pid }
}

/** Rejects when the server cannot be connected to. */
export async function runLoad (settings: LoadSettings): Promise<LoadResult> {
  const [result] = await once(new Worker(new URL('./generator.ts', import.meta.url), { workerData: settings }), 'message') as [LoadResult]
  return result
}

/** Milliseconds of each sample whose request was due when `isMeant` says so. */
export function latenciesOf (samples: Float64Array, isMeant: (dueMs: number) => boolean = () => true): number[] {
  const latencies: number[] = []
  for (let index = 0; index < samples.length; index += 2) if (isMeant(samples[index] ?? 0)) latencies.push(samples[index + 1] ?? 0)
  return latencies
}

/** Where our operator finds its certificate, one that the generator need not trust. */
export async function certificateVariables ({ launcher: { dir } }: Stage): Promise<NodeJS.ProcessEnv> {
  const folder = join(dir, 'webhook')
  const { serverCertificate, serverKey } = await makeCertificates(Date.now())
  await mkdir(folder)
  await writeFile(join(folder, 'tls.crt'), serverCertificate)
  await writeFile(join(folder, 'tls.key'), serverKey, { mode: 0o600 })
  return { WEBHOOK_CERT_DIR: folder }
}

/** The one that the pod of the reviews is labelled for. */
export async function createTopicTen ({ client, namespace }: Stage): Promise<void> {
  await client.request('POST', `/apis/${apiVersion}/namespaces/${namespace}/${plural}`, {
    body: { apiVersion, kind, metadata: { name: topicTenName }, spec }
  })
}
