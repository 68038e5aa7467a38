// The demo, step by step. To add something to it, add a step.
import { join } from 'node:path'
import { apiVersion, group, plural } from '../../api/names.ts'
import { freePorts } from '../ports.ts'
import { startProcess } from '../process.ts'
import { readMessages, startAws } from './aws.ts'
import { openWatch, showCountdown } from './countdown.ts'
import { type Demo, type Step, made } from './demo.ts'
import { exampleFile, exampleFor, readExample, secretFor } from './example.ts'
import type { DemoOptions } from './options.ts'
import { startPlane } from './own-plane.ts'
import { enterCluster } from './user-cluster.ts'
import { endPods, showVariables, startWorkload, stopWorkload } from './workload.ts'

const root = join(import.meta.dirname, '../..')
const release = 'topicten'
const wrongFile = 'deploy/examples/wrong-arns.yaml'

/** The steps of the demo that was asked for, in their order. */
export function demoSteps ({ context, intervalSeconds, node, keep }: DemoOptions): Step[] {
  const countdown: Step = { title: `Countdown, one replica every ${intervalSeconds} s`, lasting: true, run: countDown }
  if (context !== undefined) return [enterCluster(context), installChart, startOperator, applyExample, countdown]
  const [workload, noWorkload] = node === 'containerd' ? [showVariables, endPods] : [startWorkload, stopWorkload]
  return [
    startPlane, installChart, startOperator, startAws, tryWrongArns, applyExample, workload, countdown,
    ...(keep ? [] : [noWorkload]), readMessages
  ]
}

const installChart: Step = {
  title: 'Chart: CRD, ServiceAccount, rights',
  async run (demo) {
    const { chart: { values, showOnly }, operatorNamespace, helm, kubectl } = made(demo.place, 'cluster')
    const flags = [
      ...Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
      ...showOnly.flatMap(file => ['--show-only', file])
    ]
    const manifests = await helm(['template', release, join(root, 'deploy/charts/topicten'), '--namespace', operatorNamespace, '--skip-tests', ...flags])
    await kubectl(['apply', '--server-side', '--filename=-'], manifests)
    await kubectl(['wait', '--for=condition=Established', `crd/${plural}.${group}`, '--timeout=30s'])
  }
}

const startOperator: Step = {
  title: 'Operator, with the token of its ServiceAccount',
  async run (demo) {
    const { dir, guard, env, execPath, options: { intervalSeconds } } = demo
    const { operatorNamespace, namespace, credentials, webhookPort } = made(demo.place, 'cluster')
    const [port = 0] = await freePorts(1)
    const operator = await startProcess({
      name: 'operator',
      file: execPath,
      args: [join(root, 'server/main.ts')],
      env: {
        PATH: env['PATH'],
        KUBECONFIG: await credentials(operatorNamespace, release),
        POD_NAMESPACE: operatorNamespace,
        POD_NAME: 'demo',
        WATCH_NAMESPACE: namespace,
        COUNTDOWN_INTERVAL_SECONDS: String(intervalSeconds),
        LISTEN_ADDRESS: '127.0.0.1',
        HTTP_PORT: String(port),
        ...(webhookPort === undefined
          ? {}
          : { WEBHOOK_CONFIGURATION: release, WEBHOOK_PORT: String(webhookPort), WEBHOOK_EXTRA_NAMES: '127.0.0.1' })
      },
      dir,
      guard
    })
    demo.operator = operator
    demo.undo.unshift({ title: 'Stop the operator', run: () => operator.end('SIGTERM', 10_000) })
    await operator.ready(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok)
  }
}

const tryWrongArns: Step = {
  title: `TopicTen of ${wrongFile}: refused`,
  async run (demo, say) {
    const { kubectl, namespace } = made(demo.place, 'cluster')
    const refusal = await kubectl(['create', '--namespace', namespace, '--filename', join(root, wrongFile)])
      .then(() => undefined, (error: Error) => error.message)
    if (refusal === undefined) throw new Error(`${wrongFile} was admitted: the webhook did not look at it`)
    for (const line of refusal.replace(/^.*exited with \d+: /, '').trim().split('\n')) say(line)
  }
}

const applyExample: Step = {
  title: `TopicTen of ${exampleFile}`,
  async run (demo) {
    const { aws } = demo
    const { kubectl, namespace, image, operatorNamespace, credentials } = made(demo.place, 'cluster')
    // The operator may read TopicTens, so this needs nothing else.
    demo.watch = openWatch(await credentials(operatorNamespace, release), `/apis/${apiVersion}/namespaces/${namespace}/${plural}`)
    const example = await readExample()
    const objects = aws === undefined ? [example] : [secretFor(aws), exampleFor(example, aws, image)]
    const list = { apiVersion: 'v1', kind: 'List', items: objects }
    await kubectl(['apply', '--server-side', '--namespace', namespace, '--filename=-'], JSON.stringify(list))
  }
}

async function countDown ({ watch, operator, dir, live, signal }: Demo, say: (text: string) => void): Promise<void> {
  const opened = made(watch, 'watch')
  try {
    await showCountdown(opened, {
      isOperatorGone: () => made(operator, 'operator').ended, operatorLog: `${dir}/operator.log`, live, signal, say
    })
  } finally {
    await opened.close()
  }
}
