// A demo on a cluster that is there already: everything in one namespace, and all of it removed in the end.
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { group, plural } from '../../api/names.ts'
import { findBinary } from '../binaries.ts'
import { runCommand } from '../command.ts'
import type { Demo, Step } from './demo.ts'
import { type Place, onPath, tokenSeconds } from './place.ts'

const demoNamespace = 'topicten-demo'
const runLabel = `${group}/demo`
const crd = `crd/${plural}.${group}`

/** The step that finds the context, makes the namespace, and sees to it that all of it goes again. */
export function enterCluster (context: string): Step {
  return {
    title: `Cluster of context ${context}`,
    async run (demo, say) {
      const run = await programs(demo, context, say)
      await checkContext(context, run.config)
      const crdIsThere = await run.kubectl(['get', crd, '--ignore-not-found', '--output=name']) !== ''
      await makeNamespace(demo, context, run.kubectl)
      // Behind the namespace, whose TopicTen must be gone by then.
      if (!crdIsThere) demo.undo.splice(1, 0, { title: 'Remove the CRD', lasting: true, run: (_, say) => removeCrd(run.kubectl, say) })
      demo.place = {
        operatorNamespace: demoNamespace,
        namespace: demoNamespace,
        chart: {
          values: { 'image.repository': 'topicten', watchNamespace: demoNamespace, 'webhook.enabled': false, 'installClaim.enabled': false },
          showOnly: ['serviceaccount', 'rbac', ...(crdIsThere ? [] : ['crd'])].map(name => `templates/${name}.yaml`)
        },
        kubectl: run.kubectl,
        helm: run.helm,
        credentials: (namespace, name) => writeCredentials(demo, { namespace, name, context }, run),
        preparation: [`alias kubectl="kubectl --context='${context}' --namespace=${demoNamespace}"`]
      }
      say(crdIsThere
        ? 'no webhooks here; the CRD is there already: it stays as it is, and an operator of the cluster may count along'
        : 'no webhooks here: an API server elsewhere cannot call this machine')
    },
    lasting: true
  }
}

interface Programs extends Pick<Place, 'kubectl' | 'helm'> {
  /** kubectl without a cluster, for `config`. */
  config (args: string[]): Promise<string>
}

/** The person's own kubectl knows how to log in to their cluster; ours only where there is none. */
async function programs ({ env }: Demo, context: string, onProgress: (line: string) => void): Promise<Programs> {
  const kubectl = await onPath('kubectl', env) ?? await findBinary('kubectl', { env, onProgress })
  const helm = await onPath('helm', env) ?? await findBinary('helm', { env, onProgress })
  return {
    config: args => runCommand(kubectl, ['config', ...args], { env }),
    kubectl: (args, input) => runCommand(kubectl, [`--context=${context}`, ...args], { env, input }),
    helm: args => runCommand(helm, args, { env })
  }
}

async function checkContext (context: string, config: Programs['config']): Promise<void> {
  const contexts = (await config(['get-contexts', '--output=name'])).split('\n').filter(Boolean)
  if (contexts.includes(context)) return
  throw new Error(`there is no context ${JSON.stringify(context)} in your kubeconfig; it has ${contexts.join(', ') || 'none'}`)
}

async function makeNamespace (demo: Demo, context: string, kubectl: Place['kubectl']): Promise<void> {
  if (await kubectl(['get', 'namespace', demoNamespace, '--ignore-not-found', '--output=name']) !== '') {
    throw new Error(`namespace ${demoNamespace} is there already: another demo runs, or one could not clear up. ` +
      `If nobody needs it: kubectl --context=${context} delete namespace ${demoNamespace}`)
  }
  const id = randomUUID()
  demo.undo.unshift({
    title: `Remove namespace ${demoNamespace}`,
    // By label: never one that somebody else made in the same moment.
    run: async () => { await kubectl(['delete', 'namespaces', `--selector=${runLabel}=${id}`, '--timeout=120s']) }
  })
  await kubectl(['create', '--filename=-'], JSON.stringify({
    apiVersion: 'v1', kind: 'Namespace', metadata: { name: demoNamespace, labels: { [runLabel]: id } }
  }))
}

/** With the CRD all TopicTens go: not those that somebody else has made meanwhile. */
async function removeCrd (kubectl: Place['kubectl'], say: (text: string) => void): Promise<void> {
  if (await kubectl(['get', crd, '--ignore-not-found', '--output=name']) === '') return
  const names = '{range .items[*]}{.metadata.namespace}/{.metadata.name} {end}'
  const others = await kubectl(['get', `${plural}.${group}`, '--all-namespaces', `--output=jsonpath=${names}`])
  if (others !== '') say(`it stays for the TopicTens of others: ${others.trim()}`)
  else await kubectl(['delete', crd, '--ignore-not-found', '--timeout=60s'])
}

async function writeCredentials (
  { dir }: Demo, { namespace, name, context }: Record<'namespace' | 'name' | 'context', string>, { kubectl, config }: Programs
): Promise<string> {
  const view = JSON.parse(await config(['view', '--raw', '--flatten', '--minify', `--context=${context}`, '--output=json'])) as
    { clusters: object[] }
  const token = (await kubectl(['create', 'token', name, `--namespace=${namespace}`, `--duration=${tokenSeconds}s`])).trim()
  const [cluster] = view.clusters as { name: string }[]
  const path = `${dir}/${name}.kubeconfig`
  await writeFile(path, JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [cluster],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: cluster?.name, user: name, namespace } }],
    'current-context': name
  }), { mode: 0o600 })
  return path
}
