// The control plane that a measurement has to itself, with the CRD on it and a clean namespace, and how it fills and empties it.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { apiVersion, kind, plural } from '../api/names.ts'
import type { TopicTenSpec } from '../api/topicten.ts'
import { type Client, createClient } from '../cluster/client.ts'
import { loadClusterConfig } from '../cluster/config.ts'
import type { AuditEvent } from '../local/audit.ts'
import { runCommand } from '../local/command.ts'
import { startControlPlane } from '../local/control-plane.ts'
import { startGuard } from '../local/guard.ts'
import { type Launcher, operatorCore } from './operator-process.ts'
import { root } from './operators.ts'

export interface Stage {
  client: Client
  /** Where the TopicTens are. */
  namespace: string
  launcher: Launcher
  apiServerPid: number
  /** The audit log so far; rejects when none is kept. */
  auditEvents (): Promise<AuditEvent[]>
  /** Makes `count` TopicTens tt-0000, … with eight requests at a time; a spec's ARNs are written ones unless it says otherwise. */
  create (count: number, specOf: (index: number) => BenchSpec, prefix?: string): Promise<void>
  /** Empties the namespace and deletes the leases. No operator may be running. */
  clear (): Promise<void>
  close (): Promise<void>
}

export interface StageOptions {
  /** Runs kube-controller-manager, kube-scheduler and kwok as well. Without: their ReplicaSets and pods are not the operator's work. */
  pods: boolean
  /** Keeps an audit log, which costs the API server time. */
  audit: boolean
  onProgress: (line: string) => void
}

/** `undefined` leaves out what all others have. */
export type BenchSpec = Pick<TopicTenSpec, 'replicas'> & { [field in keyof TopicTenSpec]?: TopicTenSpec[field] | undefined }

const namespace = 'bench'
const podNamespace = 'topicten-system'

/** Starts a control plane; it and what runs on the stage end with our process, whatever ends that. */
export async function openStage ({ pods, audit, onProgress }: StageOptions): Promise<Stage> {
  const plane = await startControlPlane({
    env: process.env, scheduler: pods, controllerManager: pods, nodes: pods ? 'kwok' : 'none', audit, onProgress
  })
  const dir = await mkdtemp(join(tmpdir(), 'topicten-bench-'))
  const guard = startGuard(dir, process.env)
  const core = await operatorCore()
  // The harness keeps to the other core; what it starts afterwards inherits that, the plane has both.
  if (core !== undefined) await runCommand('taskset', ['-a', '-c', '-p', core === 0 ? '1' : '0', String(process.pid)], { env: process.env })
  await plane.kubectl(['apply', '--filename=-'], await readFile(join(root, 'deploy/crds/topictens.yaml'), 'utf8'))
  await plane.kubectl(['wait', '--for=condition=Established', `crd/${plural}.${apiVersion.split('/')[0]}`, '--timeout=30s'])
  for (const name of [namespace, podNamespace]) await plane.kubectl(['create', 'namespace', name])
  const client = createClient(loadClusterConfig({ kubeconfig: plane.kubeconfig }), { userAgent: 'topicten-bench' })
  const collection = `/apis/${apiVersion}/namespaces/${namespace}/${plural}`

  const create: Stage['create'] = (count, specOf, prefix = 'tt') => eightAtATime(count, async index => {
    const body = { ...topicTen(specOf(index)), metadata: { name: nameOf(prefix, index) } }
    await client.request('POST', collection, { body, timeoutMs: 60_000 })
  })

  return {
    client,
    namespace,
    launcher: { core, kubeconfig: plane.kubeconfig, podNamespace, dir, guard },
    apiServerPid: plane.pid('kube-apiserver'),
    auditEvents: () => plane.auditEvents(),
    create,
    clear: () => clear(client, collection, pods),
    close: async () => {
      await client.close()
      await guard.dismiss()
      await rm(dir, { recursive: true, force: true })
      await plane.stop()
    }
  }
}

function topicTen (spec: BenchSpec) {
  return {
    apiVersion,
    kind,
    spec: {
      image: 'registry.example.com/topicten/workload:1.0.0',
      targetarn: 'arn:aws:s3:::topicten-messages',
      kmsarn: 'arn:aws:kms:eu-west-3:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      cloudwatcharn: 'arn:aws:logs:eu-west-3:111122223333:log-group:/topicten/messages:*',
      ...spec
    }
  }
}

export function nameOf (prefix: string, index: number): string {
  return `${prefix}-${String(index).padStart(4, '0')}`
}

/** Works through 0 … count - 1, eight at a time. */
export async function eightAtATime (count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let index = next++; index < count; index = next++) await work(index)
  }))
}

async function clear (client: Client, topicTens: string, pods: boolean): Promise<void> {
  const dependents = [`/apis/apps/v1/namespaces/${namespace}/deployments`, `/apis/events.k8s.io/v1/namespaces/${namespace}/events`]
  const made = pods ? [`/apis/apps/v1/namespaces/${namespace}/replicasets`, `/api/v1/namespaces/${namespace}/pods`] : []
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${podNamespace}/leases`
  for (let left = 1; left > 0; await delay(left === 0 ? 0 : 200)) {
    left = 0
    for (const path of [topicTens, ...dependents, ...made, leases]) left += await empty(client, path)
  }
}

/** Deletes a collection; gives 1 when there was something in it. */
async function empty (client: Client, path: string): Promise<number> {
  const { items } = await client.get<{ items: unknown[] }>(path, { query: { limit: 1 } })
  if (items.length === 0) return 0
  await client.request('DELETE', path, { query: { propagationPolicy: 'Background', gracePeriodSeconds: 0 }, timeoutMs: 120_000 })
  return 1
}
