// Finds pods with our label that lack the variables the webhook gives: made while no webhook answered, or labelled later. Nothing
// mends such a pod but a new one, so it is counted and reported.
import type { V1Container, V1Pod } from '@kubernetes/client-node'
import { injectedVariables, topicTenLabel } from '../api/names.ts'
import type { TopicTen } from '../api/topicten.ts'
import type { Client } from '../cluster/client.ts'
import type { Logger } from '../cluster/logger.ts'
import { createReflector } from '../cluster/reflector.ts'
import { referenceTo, type Transition } from './transitions.ts'

export interface UninjectedOptions {
  client: Client
  /** The one namespace to watch; empty: all. */
  namespace: string
  topicTen: (key: string) => TopicTen | undefined
  /** Told once when pods of a TopicTen come to lack variables, and once when none does any more. */
  onTransition: (transition: Transition) => void
  /** Milliseconds that changes are gathered before anything is told (2,000): pods come and go several at a time. */
  settleMs?: number
  log: Logger
}

export interface Uninjected {
  /** Pods that lack variables; 0 unless this process leads. */
  readonly count: number
  /** Watches until the signal aborts; only the leader pays for it. */
  lead (signal: AbortSignal): void
}

const reason = 'UninjectedPods'
const mostNames = 5

export function createUninjected (options: UninjectedOptions): Uninjected {
  const { client, namespace, topicTen, onTransition, settleMs = 2_000, log } = options
  const path = namespace === '' ? '/api/v1/pods' : `/api/v1/namespaces/${namespace}/pods`
  let lacking = new Map<string, Set<string>>()

  function lead (signal: AbortSignal): void {
    if (signal.aborted) return
    const found = new Map<string, Set<string>>()
    const told = new Set<string>()
    const changed = new Set<string>()
    let timer: NodeJS.Timeout | undefined
    lacking = found

    const reflector = createReflector<string>({
      client,
      path,
      // The API server leaves out what has ended, and tells of a pod that ends as of one that is gone.
      query: { labelSelector: topicTenLabel, fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' },
      // Of ten thousand pods with their variables nothing is kept but their names.
      project: object => lacksVariables(object as V1Pod) ? (object as V1Pod).metadata?.labels?.[topicTenLabel] ?? '' : '',
      onChange ({ key: podKey, object: name = '', old = '' }) {
        const [podNamespace, pod = ''] = podKey.split('/')
        if (old !== '' && old !== name) take(`${podNamespace}/${old}`, pods => { pods.delete(pod) })
        if (name !== '' && old !== name) take(`${podNamespace}/${name}`, pods => { pods.add(pod) })
      },
      log
    })

    function take (key: string, change: (pods: Set<string>) => void): void {
      const pods = found.get(key) ?? new Set()
      change(pods)
      if (pods.size === 0) found.delete(key)
      else found.set(key, pods)
      changed.add(key)
      timer ??= setTimeout(tell, settleMs)
    }

    function tell (): void {
      timer = undefined
      for (const key of changed) {
        const owner = topicTen(key)
        const pods = [...found.get(key) ?? []]
        if (told.has(key) === (pods.length > 0)) continue
        if (pods.length === 0) told.delete(key)
        // A label that names no TopicTen: the pods are counted, but there is nobody to tell.
        if (owner === undefined) continue
        if (pods.length > 0) told.add(key)
        onTransition(transitionOf(owner, pods))
      }
      changed.clear()
    }

    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      if (lacking === found) lacking = new Map()
      void reflector.stop()
    }, { once: true })
    reflector.start()
  }

  return {
    get count () {
      let count = 0
      for (const { size } of lacking.values()) count += size
      return count
    },
    lead
  }
}

function transitionOf (topicTen: TopicTen, pods: readonly string[]): Transition {
  const about = { regarding: referenceTo(topicTen), action: 'Reconcile' } as const
  if (pods.length === 0) return { ...about, type: 'Normal', reason: 'PodsInjected', note: 'no pod lacks its variables any more' }
  const rest = pods.length > mostNames ? ` and ${pods.length - mostNames} more` : ''
  const names = `${pods.toSorted().slice(0, mostNames).join(', ')}${rest}`
  const note = `made while no webhook answered, or labelled later, and without their variables: ${names}; ` +
    'delete them, and what made them makes new ones that have all'
  return { ...about, type: 'Warning', reason, note }
}

/** Whether a container of a pod that runs or will run lacks one of our variables; ephemeral containers never get any. */
export function lacksVariables (pod: V1Pod): boolean {
  const { initContainers = [], containers = [] } = pod.spec ?? {}
  return !isOver(pod) && [...initContainers, ...containers].some(lacksAny)
}

function isOver ({ metadata, status }: V1Pod): boolean {
  return metadata?.deletionTimestamp !== undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

function lacksAny ({ env = [] }: V1Container): boolean {
  return injectedVariables.some(name => !env.some(variable => variable.name === name))
}
