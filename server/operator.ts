// One operator process: what it is made of, and in which order that starts and stops.
import { setTimeout as delay } from 'node:timers/promises'
import { group } from '../api/names.ts'
import { createClient } from '../cluster/client.ts'
import { loadClusterConfig } from '../cluster/config.ts'
import { createElector } from '../cluster/elector.ts'
import { createEventRecorder } from '../cluster/events.ts'
import { createReconciler } from '../reconciler/reconciler.ts'
import type { Transition } from '../reconciler/transitions.ts'
import { createUninjected } from '../reconciler/uninjected.ts'
import packageJson from '../package.json' with { type: 'json' }
import { admin, type LevelLogger } from './admin.ts'
import { buildApp } from './app.ts'
import type { CertificateTimes } from './certificates.ts'
import type { Config } from './config.ts'
import { createGuard } from './guard.ts'
import { ownServiceAccount } from './identity.ts'
import { createInstall } from './install.ts'
import { createLeadership } from './leadership.ts'
import { createMetrics } from './metrics.ts'
import { createServedCrd } from './served-crd.ts'
import { createWebhookListener } from './webhook-listener.ts'

export interface Operator {
  /** Where `/livez`, `/readyz` and, unless they are guarded, `/metrics` are served: `http://ADDRESS:PORT`. */
  readonly url: string
  readonly leading: boolean
  /** Finishes what is in hand, releases the lease, serves for the shutdown delay and while it is still asked, closes. */
  stop: () => Promise<void>
}

/** A reconcile is a handful of requests, each with a deadline; one that takes longer than all of them hangs. */
const hungAfterSeconds = 120

/**
 * Starts an operator: listener, caches, elector. It resolves when the listener is up; the rest follows by itself, whatever
 * the API server does meanwhile.
 * @throws where the cluster's credentials cannot be read or the port cannot be listened on.
 */
export async function startOperator (config: Config, log: LevelLogger, certificateTimes: CertificateTimes = {}): Promise<Operator> {
  const clusterConfig = loadClusterConfig({ kubeconfig: config.kubeconfig, context: config.kubeContext })
  const metrics = createMetrics({
    leading: () => leadership.leading,
    activeWorkers: () => reconciler.activeWorkers,
    topicTens: () => reconciler.topicTens.size,
    uninjectedPods: () => uninjected?.count ?? 0,
    lastEventAgeSeconds: () => reconciler.lastEventAgeSeconds,
    certificateExpiries: () => listener?.expiries ?? {}
  }, { concurrency: config.reconcileConcurrency, leaseName: config.leaseName, version: packageJson.version })
  const clientOptions = { userAgent: `topicten/${packageJson.version}`, onRequest: metrics.requested }
  const client = createClient(clusterConfig, clientOptions)
  // The lease must not stand in line behind a thousand reconciles.
  const leaseClient = createClient(clusterConfig, { ...clientOptions, timeoutMs: config.leaseRetryMs })
  const events = createEventRecorder({ client, reportingController: `${group}/topicten`, reportingInstance: config.podName, log })
  const onTransition = (transition: Transition): void => {
    const { regarding: { namespace, name }, reason, note } = transition
    log.info({ topicten: `${namespace}/${name}`, reason, note }, 'transition')
    events.record(transition)
  }
  const servedCrd = createServedCrd({ client, log })
  const reconciler = createReconciler({
    client,
    namespace: config.watchNamespace,
    intervalMs: config.countdownIntervalMs,
    concurrency: config.reconcileConcurrency,
    guard () {
      if (!leadership.leading) throw new Error('the lease may be gone: nothing is written')
    },
    queueObserver: metrics.queue,
    onReconciled: metrics.reconciled,
    onStep: metrics.stepped,
    onRelist (kind) {
      metrics.relisted(kind)
      // What was listed anew may be of another CRD.
      if (kind === 'TopicTen') servedCrd.check()
    },
    isAnswering: () => listener !== undefined && Object.values(listener.ready).every(check => check() === undefined),
    onTransition,
    log
  })

  const leadership = createLeadership({
    elect: onLeading => config.leaderElection ? campaign(onLeading) : undefined,
    onLeading: signal => { void work(signal) }
  })
  const install = config.installLease === ''
    ? undefined
    : createInstall({ client, config, onChange: () => { allow() }, log })
  const listener = config.webhooks
    ? createWebhookListener({
      client,
      config,
      cached: reconciler.topicTen,
      isLeading: () => leadership.leading,
      owner: () => ownServiceAccount(client),
      onAnswer: metrics.answered,
      times: certificateTimes,
      extend (app) {
        if (config.metricsAuth) void app.register(admin, { guard: createGuard({ client, log }), registry: metrics.registry, log })
      },
      log
    })
    : undefined
  // Without webhooks no pod gets variables, and none is amiss.
  const uninjected = config.webhooks
    ? createUninjected({ client, namespace: config.watchNamespace, topicTen: reconciler.topicTen, onTransition, log })
    : undefined

  let stopping = false
  const { topicTens, deployments } = reconciler
  const app = buildApp({
    registry: config.metricsAuth ? undefined : metrics.registry,
    live: {
      reconcilers: () => reconciler.longestWorkSeconds > hungAfterSeconds
        ? `a reconcile has taken ${Math.round(reconciler.longestWorkSeconds)} s`
        : undefined
    },
    ready: {
      caches: () => topicTens.synced && deployments.synced ? undefined : 'not filled yet',
      crd: () => servedCrd.fault,
      ...install && { install: () => install.fault },
      ...listener?.ready,
      shutdown: () => stopping ? 'stopping' : undefined
    }
  })
  const url = await app.listen({ host: config.listenAddress, port: config.httpPort })
  await listener?.start()
  log.info({ url, version: packageJson.version }, 'listening')
  reconciler.start()
  servedCrd.start()
  install?.start()
  // Stopped before the API server had answered, they reject.
  void Promise.all([topicTens.whenSynced(), deployments.whenSynced()]).then(allow, () => {})

  /** Nobody leads before the caches are filled, or beside another install. */
  function allow (): void {
    leadership.allow(!stopping && topicTens.synced && deployments.synced && install?.fault === undefined)
  }

  function campaign (onLeading: (signal: AbortSignal) => void) {
    return createElector({
      client: leaseClient,
      namespace: config.podNamespace,
      name: config.leaseName,
      identity: config.podName,
      leaseDurationMs: config.leaseDurationMs,
      renewDeadlineMs: config.leaseRenewDeadlineMs,
      retryMs: config.leaseRetryMs,
      owner: () => ownServiceAccount(leaseClient),
      onLeading,
      log
    })
  }

  async function work (signal: AbortSignal): Promise<void> {
    listener?.lead()
    uninjected?.lead(signal)
    await reconciler.lead(signal)
  }

  async function stop (): Promise<void> {
    stopping = true
    listener?.drain()
    log.info({}, 'stopping')
    // What an uninstall takes away is not claimed again.
    const unclaimed = install?.stop()
    await reconciler.drain()
    await leadership.stop()
    await events.flush()
    await delay(config.shutdownDelayMs)
    if (config.shutdownDelayMs > 0) await listener?.quiet()
    await Promise.all([app.close(), listener?.stop(), reconciler.stop(), servedCrd.stop(), unclaimed])
    await Promise.all([client.close(), leaseClient.close()])
  }

  return { url, get leading () { return leadership.leading }, stop }
}
