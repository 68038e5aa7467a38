// What the pods are given, and the workload where no kubelet runs it: one process here, with the environment of one of the pods.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { V1EnvVar, V1Pod, V1Secret } from '@kubernetes/client-node'
import { group, injectedVariables, plural, topicTenLabel } from '../../api/names.ts'
import { freePorts } from '../ports.ts'
import { startProcess } from '../process.ts'
import { type Demo, type Step, made } from './demo.ts'
import { exampleName } from './example.ts'

const root = join(import.meta.dirname, '../..')

/** Where a kubelet runs the workload. */
export const showVariables: Step = {
  title: 'What the webhook gave one of the pods',
  lasting: true,
  async run (demo, say) { await tellVariables(demo, say) }
}

export const startWorkload: Step = {
  title: 'Workload, one process with the environment of one of the pods: kwok runs no containers',
  lasting: true,
  async run (demo, say) {
    const { env, execPath, dir, guard } = demo
    const variables = await tellVariables(demo, say)
    const [port = 0] = await freePorts(1)
    const workload = await startProcess({
      name: 'workload',
      file: execPath,
      args: [join(root, 'workload/main.ts')],
      env: { PATH: env['PATH'], ...variables, HTTP_ADDRESS: '127.0.0.1', HTTP_PORT: String(port) },
      dir,
      guard
    })
    demo.workload = workload
    demo.undo.unshift({ title: 'Stop the workload', run: () => workload.end('SIGTERM', 10_000) })
    await workload.ready(async () => (await fetch(`http://127.0.0.1:${port}/livez`)).ok)
  }
}

/** With the TopicTen: each pod completes the message in hand. */
export const endPods: Step = {
  title: 'TopicTen deleted, its last pod ended',
  async run ({ place }) {
    const { kubectl, namespace } = made(place, 'cluster')
    await kubectl(['delete', `${plural}.${group}`, exampleName, '--namespace', namespace])
    await kubectl(['wait', '--for=delete', 'pod', `--selector=${topicTenLabel}=${exampleName}`, '--namespace', namespace, '--timeout=60s'])
  }
}

/** With SIGTERM, as a kubelet would: the message in hand is completed. */
export const stopWorkload: Step = {
  title: 'Workload stopped',
  run: ({ workload }) => made(workload, 'workload').end('SIGTERM', 10_000)
}

async function tellVariables (demo: Demo, say: (text: string) => void): Promise<Record<string, string>> {
  const variables = await environmentOf(await firstPod(demo), demo)
  for (const name of injectedVariables) say(`${name}=${variables[name]}`)
  return variables
}

/** One that has an address. */
async function firstPod ({ place, signal }: Demo): Promise<V1Pod> {
  const { kubectl, namespace } = made(place, 'cluster')
  for (;;) {
    const list = await kubectl(['get', 'pods', `--selector=${topicTenLabel}=${exampleName}`, '--namespace', namespace, '--output=json'])
    const found = (JSON.parse(list) as { items: V1Pod[] }).items.find(({ status }) => status?.podIP !== undefined)
    if (found !== undefined) return found
    await delay(100, undefined, { signal })
  }
}

/** The variables of the pod's first container as a kubelet would give them to it. */
async function environmentOf (pod: V1Pod, { place }: Demo): Promise<Record<string, string>> {
  const { kubectl, namespace } = made(place, 'cluster')
  const known: Record<string, string | undefined> = {
    'metadata.name': pod.metadata?.name, 'metadata.namespace': pod.metadata?.namespace, 'status.podIP': pod.status?.podIP
  }
  async function valueOf ({ value, valueFrom }: V1EnvVar): Promise<string | undefined> {
    if (valueFrom?.fieldRef) return known[valueFrom.fieldRef.fieldPath]
    if (valueFrom?.secretKeyRef === undefined) return value
    const { name = '', key } = valueFrom.secretKeyRef
    const { data } = JSON.parse(await kubectl(['get', 'secret', name, '--namespace', namespace, '--output=json'])) as V1Secret
    const found = data?.[key]
    return found === undefined ? undefined : Buffer.from(found, 'base64').toString()
  }
  const variables = await Promise.all((pod.spec?.containers[0]?.env ?? []).map(async each => [each.name, await valueOf(each)]))
  return Object.fromEntries(variables.filter(([, value]) => value !== undefined)) as Record<string, string>
}
