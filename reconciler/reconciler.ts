// The reconciling role, assembled: its two caches, what they tell the queue, and the control loop over them.
import type { V1Deployment } from '@kubernetes/client-node'
import { apiVersion, plural, topicTenLabel } from '../api/names.ts'
import type { TopicTen } from '../api/topicten.ts'
import type { Client } from '../cluster/client.ts'
import { ApiError, isConflict } from '../cluster/errors.ts'
import { createReflector, type Reflector } from '../cluster/reflector.ts'
import { type Controller, type ControllerOptions, createController } from './controller.ts'
import { type ObservedDeployment, observeDeployment, observeTopicTen } from './observed.ts'
import { createNudges } from './nudge.ts'
import { createRecent } from './recent.ts'
import { createReconcile } from './reconcile.ts'
import { createSources } from './sources.ts'
import { type Transition, transitionsOf } from './transitions.ts'
import { createWitness } from './witness.ts'

export interface ReconcilerOptions extends Pick<ControllerOptions, 'concurrency' | 'guard' | 'queueObserver' | 'onReconciled' | 'log'> {
  client: Client
  /** The one namespace to watch; empty: all. */
  namespace: string
  intervalMs: number
  onTransition: (transition: Transition) => void
  onStep: () => void
  onRelist: (kind: 'TopicTen' | 'Deployment') => void
  /** Whether our pod webhook is served and trusted; never where there is none. */
  isAnswering: () => boolean
  /** Wall clock, milliseconds since the epoch, and the clock that never jumps. */
  now?: () => number
  monotonic?: () => number
}

export interface Reconciler extends Pick<Controller, 'lead' | 'drain' | 'longestWorkSeconds' | 'activeWorkers'> {
  /** The caches, warm in every replica whether it leads or not. */
  topicTens: Reflector<TopicTen>
  deployments: Reflector<ObservedDeployment>
  /** Seconds since a watch last brought something, by kind: those kinds too that are referred to, while this process leads. */
  readonly lastEventAgeSeconds: Record<string, number>
  /** The TopicTen of a key, as the cache or our own last write has it. */
  topicTen: (key: string) => TopicTen | undefined
  start: () => void
  stop: () => Promise<void>
}

export function createReconciler (options: ReconcilerOptions): Reconciler {
  const { client, namespace, intervalMs, log, onTransition, onStep, onRelist } = options
  const { now = Date.now, monotonic = () => performance.now() } = options
  const scope = namespace === '' ? '' : `/namespaces/${namespace}`
  const recentTopicTens = createRecent<TopicTen>()
  const recentDeployments = createRecent<ObservedDeployment>()
  const witness = createWitness(monotonic)
  const nudges = createNudges({ client, guard: options.guard, isAnswering: options.isAnswering, now, monotonic, log })

  const topicTens = createReflector<TopicTen>({
    client,
    path: `/apis/${apiVersion}${scope}/${plural}`,
    project: object => observeTopicTen(object as TopicTen),
    onChange ({ key, object }) {
      sources.track(key, object)
      if (object === undefined) recentTopicTens.forget(key)
      else if (recentTopicTens.isEcho(key, object)) return
      controller.enqueue(key)
    },
    onRelist: () => { onRelist('TopicTen') },
    log
  })
  const deployments = createReflector<ObservedDeployment>({
    client,
    path: `/apis/apps/v1${scope}/deployments`,
    query: { labelSelector: topicTenLabel },
    project: object => observeDeployment(object as V1Deployment),
    onChange ({ key, object }) {
      nudges.saw(key, object)
      if (object === undefined) {
        recentDeployments.forget(key)
        witness.forget(key)
      } else {
        witness.saw(key, object, deployments.synced)
        if (recentDeployments.isEcho(key, object)) return
      }
      controller.enqueue(key)
    },
    onRelist: () => { onRelist('Deployment') },
    log
  })

  const sources = createSources({ client, namespace, onChange: key => { controller.enqueue(key) }, log })
  const reconcile = createReconcile({
    client,
    topicTens,
    deployments,
    look: sources.look,
    recentTopicTens,
    recentDeployments,
    witness,
    intervalMs,
    now,
    onStep,
    onStatus: (after, before) => { for (const transition of transitionsOf(before, after)) onTransition(transition) }
  })
  const controller = createController({
    ...options,
    reconcile,
    keys: () => [...topicTens.values()].map(keyOf),
    retryAfterMs: error => error instanceof ApiError ? error.retryAfterMs : undefined,
    isConflict,
    now: monotonic
  })

  return {
    topicTens,
    deployments,
    get lastEventAgeSeconds () {
      return { TopicTen: topicTens.lastEventAgeSeconds, Deployment: deployments.lastEventAgeSeconds, ...sources.lastEventAgeSeconds }
    },
    topicTen: key => recentTopicTens.newest(key, topicTens.get(key)),
    async lead (signal) {
      nudges.lead(signal)
      sources.lead(signal)
      await controller.lead(signal)
    },
    drain: controller.drain,
    get longestWorkSeconds () { return controller.longestWorkSeconds },
    get activeWorkers () { return controller.activeWorkers },
    start () {
      topicTens.start()
      deployments.start()
    },
    async stop () {
      await Promise.all([topicTens.stop(), deployments.stop()])
    }
  }
}

function keyOf ({ metadata }: TopicTen): string {
  return `${metadata.namespace}/${metadata.name}`
}
