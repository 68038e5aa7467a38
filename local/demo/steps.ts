// The demo, step by step. To add something to it, add a step.
import { join } from 'node:path'
import { apiVersion, group, plural, topicTenLabel } from '../../api/names.ts'
import { freePorts } from '../ports.ts'
import { startProcess } from '../process.ts'
import { watchCountdown } from './countdown.ts'
import { type Demo, type Step, made } from './demo.ts'
import type { DemoOptions } from './options.ts'
import { startPlane } from './own-plane.ts'
import { enterCluster } from './user-cluster.ts'

const root = join(import.meta.dirname, '../..')
const release = 'topicten'
export const exampleFile = 'deploy/examples/topicten.yaml'
const exampleName = 'messages'
const wrongFile = 'deploy/examples/wrong-arns.yaml'

/** The steps of the demo that was asked for, in their order. */
export function demoSteps ({ context, intervalSeconds }: DemoOptions): Step[] {
  return [
    context === undefined ? startPlane : enterCluster(context),
    installChart,
    startOperator,
    ...(context === undefined ? [tryWrongArns] : []),
    applyExample,
    { title: `Countdown, one replica every ${intervalSeconds} s`, lasting: true, run: countDown },
    ...(context === undefined ? [showVariables] : [])
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
    await kubectl(['apply', '--server-side', '--namespace', operatorNamespace, '--filename=-'], manifests)
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

const showVariables: Step = {
  title: 'What the webhook gave the pod that is left',
  async run (demo, say) {
    const { kubectl, namespace } = made(demo.place, 'cluster')
    const selector = `${topicTenLabel}=${exampleName}`
    await kubectl(['wait', '--for=create', 'pod', `--selector=${selector}`, '--namespace', namespace, '--timeout=30s'])
    const template = '{range .items[0].spec.containers[0].env[*]}{.name}={.value}{.valueFrom.fieldRef.fieldPath}{"\\n"}{end}'
    const variables = await kubectl(['get', 'pods', `--selector=${selector}`, '--namespace', namespace, `--output=jsonpath=${template}`])
    for (const line of variables.trim().split('\n')) say(line)
  }
}

const applyExample: Step = {
  title: `TopicTen of ${exampleFile}`,
  async run (demo) {
    const { kubectl, namespace } = made(demo.place, 'cluster')
    await kubectl(['apply', '--server-side', '--namespace', namespace, '--filename', join(root, exampleFile)])
  }
}

async function countDown (demo: Demo, say: (text: string) => void): Promise<void> {
  const { namespace, operatorNamespace, credentials } = made(demo.place, 'cluster')
  demo.sightings = await watchCountdown({
    // The operator may read TopicTens, so this needs nothing else.
    kubeconfig: await credentials(operatorNamespace, release),
    path: `/apis/${apiVersion}/namespaces/${namespace}/${plural}`,
    isOperatorGone: () => made(demo.operator, 'operator').ended,
    operatorLog: `${demo.dir}/operator.log`,
    live: demo.live,
    signal: demo.signal,
    say
  })
}
