// The demo of the whole platform: one object is applied, Flux builds the cluster from git, and a person's sync of each service brings both
// applications up.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { styleText } from 'node:util'
import { kind, plural } from '../../api/names.ts'
import type { TopicTen } from '../../api/topicten.ts'
import { startControlPlane } from '../control-plane.ts'
import { startPlatform } from '../platform/platform.ts'
import { startProcess } from '../process.ts'
import { type Demo, type Step, made } from './demo.ts'
import { onPath } from './place.ts'
import { findBinary } from '../binaries.ts'

const root = join(import.meta.dirname, '../..')
const operatorNamespace = 'topicten-system'
const services = ['app1-service', 'app2-service']

const start: Step = {
  title: 'Kubernetes control plane, git server, Flux, Argo CD, Crossplane, sealed-secrets',
  async run (demo, say) {
    const { env, execPath } = demo
    const plane = await startControlPlane({ env, onProgress: say })
    demo.undo.unshift({ title: 'Stop the control plane', run: () => plane.stop() })
    const platform = await startPlatform(plane, { env, execPath, log: silent, onProgress: say })
    demo.undo.unshift({ title: 'Stop the platform', run: () => platform.stop() })
    demo.platform = { plane, ...platform }
  }
}

const bootstrap: Step = {
  title: 'One object applied: Flux builds the cluster from deploy/clusters/staging',
  lasting: true,
  async run (demo, say) {
    const { plane: { kubectl }, bootstrap } = made(demo.platform, 'platform')
    await bootstrap()
    await kubectl(['wait', '--for=create', 'deployment/topicten', `--namespace=${operatorNamespace}`, '--timeout=300s'])
    await startOperator(demo)
    const template = '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
    const told = new Set<string>()
    for (let open = true; open;) {
      const steps = (await kubectl(['get', 'kustomizations', '--namespace=flux-system', `--output=jsonpath=${template}`])).trim().split('\n')
      const ready = steps.filter(step => step.endsWith(' True')).map(step => step.split(' ')[0] ?? '')
      for (const step of ready) if (!told.has(step)) say(`${step} is ready`)
      for (const step of ready) told.add(step)
      open = ready.length < steps.length || !told.has('argocd-apps')
      await delay(200, undefined, { signal: demo.signal })
    }
  }
}

/** As its Deployment says, with the rights of its ServiceAccount; where a kubelet would start it, it is a process here. */
async function startOperator (demo: Demo): Promise<void> {
  const { dir, guard, env, execPath, options: { intervalSeconds } } = demo
  const { plane, webhookUrl } = made(demo.platform, 'platform')
  const deployment = JSON.parse(await plane.kubectl(['get', 'deployment/topicten', `--namespace=${operatorNamespace}`, '--output=json'])) as {
    spec: { template: { spec: { containers: Array<{ env: Array<{ name: string, value?: string }> }> } } }
  }
  const variables = deployment.spec.template.spec.containers[0]?.env ?? []
  const operator = await startProcess({
    name: 'operator',
    file: execPath,
    args: [join(root, 'server/main.ts')],
    env: {
      PATH: env['PATH'],
      ...Object.fromEntries(variables.filter(({ value }) => value !== undefined).map(({ name, value }) => [name, value])),
      KUBECONFIG: await plane.serviceAccountKubeconfig(operatorNamespace, 'topicten', { expiresInSeconds: 86_400 }),
      POD_NAMESPACE: operatorNamespace,
      POD_NAME: 'demo',
      COUNTDOWN_INTERVAL_SECONDS: String(intervalSeconds),
      LISTEN_ADDRESS: '127.0.0.1',
      HTTP_PORT: '0',
      WEBHOOK_PORT: new URL(webhookUrl).port,
      SHUTDOWN_DELAY_SECONDS: '0'
    },
    dir,
    guard
  })
  demo.operator = operator
  demo.undo.unshift({ title: 'Stop the operator', run: () => operator.end('SIGTERM', 10_000) })
}

const wait: Step = {
  title: 'Argo CD has synced the products; each says which ARNs it waits for',
  lasting: true,
  async run (demo, say) {
    const { plane: { kubectl } } = made(demo.platform, 'platform')
    for (const service of services) {
      await kubectl(['wait', '--for=create', `application/${service}`, '--namespace=argocd', '--timeout=180s'])
    }
    for (const { metadata, status } of await topicTens(demo)) {
      const { message = 'not looked at yet' } = status?.conditions?.find(({ type }) => type === 'ArnsResolved') ?? {}
      say(`${metadata.namespace}/${metadata.name}: ${message.split(';')[0]}`)
    }
  }
}

const sync: Step = {
  title: 'ops-project syncs both services: Crossplane makes the AWS resources (the providers are played)',
  async run (demo) {
    const { argocd } = made(demo.platform, 'platform')
    const session = await argocd.logIn('ops-project')
    for (const service of services) await session.run(['app', 'sync', service, '--timeout=120'])
  }
}

const countDown: Step = {
  title: 'Both applications count down',
  lasting: true,
  async run (demo, say) {
    for (let told = ''; ;) {
      const all = await topicTens(demo)
      const now = all.map(({ metadata, status }) => `${metadata.namespace}/${metadata.name} ${status?.currentReplicas ?? 0}`).join('   ')
      if (now !== told) say(now)
      told = now
      if (all.every(({ status }) => status?.conditions?.some(({ type, status }) => type === 'CountedDown' && status === 'True'))) return
      await delay(200, undefined, { signal: demo.signal })
    }
  }
}

export const platformSteps: Step[] = [start, bootstrap, wait, sync, countDown]

/** Prints where all of it can be looked at, if it goes on running. */
export async function printPlatform (demo: Demo): Promise<void> {
  const { plane, argocd, passwords, git } = made(demo.platform, 'platform')
  const applications = await plane.kubectl(['get', 'applications', '--namespace=argocd'])
  demo.print(`\n${styleText('bold', 'Applications')}\n${indent(applications)}\n`)
  if (!demo.options.keep) {
    demo.print(`\n${styleText('bold', 'To look around, keep it running: npm run demo -- --platform --keep')}\n`)
    return
  }
  const kubectl = await onPath('kubectl', demo.env) ?? await findBinary('kubectl', { env: demo.env })
  demo.print(`\n${styleText('bold', 'It goes on running')}\n${indent([
    `Argo CD       ${argocd.url}`,
    ...Object.entries(passwords).map(([user, password]) => `  log in as   ${user.padEnd(12)} ${password}`),
    `git           git clone ${git.url}     push a change, and see it arrive`,
    `kubectl       export KUBECONFIG=${plane.kubeconfig}`,
    `              ${kubectl} get kustomizations,applications,topictens --all-namespaces`
  ].join('\n'))}\n\nCtrl-C ends everything.\n`)
}

async function topicTens (demo: Demo): Promise<TopicTen[]> {
  const { plane: { kubectl } } = made(demo.platform, 'platform')
  const { items } = JSON.parse(await kubectl(['get', plural, '--all-namespaces', '--output=json'])) as { items: TopicTen[] }
  return items.filter(topicTen => topicTen.kind === kind)
}

function indent (text: string): string {
  return text.trimEnd().replace(/^(?=.)/gm, '  ')
}

const quiet = () => {}
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet }
