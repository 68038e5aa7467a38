// One operator process: what it is made of, and in which order that starts and stops.
import { setTimeout as delay } from 'node:timers/promises'
import { group } from '../api/names.ts'
import { createClient } from '../cluster/client.ts'
import { loadClusterConfig } from '../cluster/config.ts'
import { createElector } from '../cluster/elector.ts'
import { createEventRecorder } from '../cluster/events.ts'
import type { Logger } from '../cluster/logger.ts'
import { createReconciler } from '../reconciler/reconciler.ts'
import packageJson from '../package.json' with { type: 'json' }
import { buildApp } from './app.ts'
import type { CertificateTimes } from './certificates.ts'
import type { Config } from './config.ts'
import { ownServiceAccount } from './identity.ts'
import { createMetrics } from './metrics.ts'
import { createWebhookListener } from './webhook-listener.ts'

export interface Operator {
  /** Where `/livez`, `/readyz` and `/metrics` are served: `http://ADDRESS:PORT`. */
  readonly url: string
  readonly leading: boolean
  /** Finishes what is in hand, releases the lease, serves for the shutdown delay, closes. */
  stop: () => Promise<void>
}

/** A reconcile is a handful of requests, each with a deadline; one that takes longer than all of them hangs. */
const hungAfterSeconds = 120

/**
 * Starts an operator: listener, caches, elector. It resolves when the listener is up; the rest follows by itself, whatever
 * the API server does meanwhile.
 * @throws where the cluster's credentials cannot be read or the port cannot be listened on.
 */
export async function startOperator (config: Config, log: Logger, certificateTimes: CertificateTimes = {}): Promise<Operator> {
  const clusterConfig = loadClusterConfig({ kubeconfig: config.kubeconfig, context: config.kubeContext })
  const metrics = createMetrics({
    leading: () => leading(),
    activeWorkers: () => reconciler.activeWorkers,
    topicTens: () => reconciler.topicTens.size,
    lastEventAgeSeconds: () => ({
      TopicTen: reconciler.topicTens.lastEventAgeSeconds, Deployment: reconciler.deployments.lastEventAgeSeconds
    }),
    certificateExpiries: () => listener?.expiries ?? {}
  }, { concurrency: config.reconcileConcurrency, leaseName: config.leaseName, version: packageJson.version })
  const ended = new AbortController()
  const clientOptions = { userAgent: `topicten/${packageJson.version}`, onRequest: metrics.requested }
  const client = createClient(clusterConfig, clientOptions)
  // The lease must not stand in line behind a thousand reconciles.
  const leaseClient = createClient(clusterConfig, { ...clientOptions, timeoutMs: config.leaseRetryMs })
  const events = createEventRecorder({ client, reportingController: `${group}/topicten`, reportingInstance: config.podName, log })
  const reconciler = createReconciler({
    client,
    namespace: config.watchNamespace,
    intervalMs: config.countdownIntervalMs,
    concurrency: config.reconcileConcurrency,
    guard () {
      if (!leading()) throw new Error('the lease may be gone: nothing is written')
    },
    queueObserver: metrics.queue,
    onReconciled: metrics.reconciled,
    onStep: metrics.stepped,
    onRelist: metrics.relisted,
    isAnswering: () => listener !== undefined && Object.values(listener.ready).every(check => check() === undefined),
    onTransition (transition) {
      const { regarding: { namespace, name }, reason, note } = transition
      log.info({ topicten: `${namespace}/${name}`, reason, note }, 'transition')
      events.record(transition)
    },
    log
  })

  const elector = config.leaderElection ? campaign() : undefined
  const listener = config.webhooks
    ? createWebhookListener({
      client,
      config,
      cached: reconciler.topicTen,
      isLeading: leading,
      owner: () => ownServiceAccount(client),
      onAnswer: metrics.answered,
      times: certificateTimes,
      log
    })
    : undefined

  let stopping = false
  const { topicTens, deployments } = reconciler
  // False: stopped before the API server had answered.
  const filled = Promise.all([topicTens.whenSynced(), deployments.whenSynced()]).then(() => true, () => false)
  const app = buildApp({
    registry: metrics.registry,
    live: {
      reconcilers: () => reconciler.longestWorkSeconds > hungAfterSeconds
        ? `a reconcile has taken ${Math.round(reconciler.longestWorkSeconds)} s`
        : undefined
    },
    ready: {
      caches: () => topicTens.synced && deployments.synced ? undefined : 'not filled yet',
      ...listener?.ready,
      shutdown: () => stopping ? 'stopping' : undefined
    }
  })
  const url = await app.listen({ host: config.listenAddress, port: config.httpPort })
  await listener?.start()
  log.info({ url, version: packageJson.version }, 'listening')
  reconciler.start()

  if (elector === undefined) void work(ended.signal)
  else void filled.then(isFilled => { if (isFilled && !stopping) elector.start() })

  function campaign () {
    return createElector({
      client: leaseClient,
      namespace: config.podNamespace,
      name: config.leaseName,
      identity: config.podName,
      leaseDurationMs: config.leaseDurationMs,
      renewDeadlineMs: config.leaseRenewDeadlineMs,
      retryMs: config.leaseRetryMs,
      owner: () => ownServiceAccount(leaseClient),
      onLeading: signal => { void work(signal) },
      log
    })
  }

  function leading (): boolean {
    return config.leaderElection ? elector?.leading ?? false : !ended.signal.aborted
  }

  async function work (signal: AbortSignal): Promise<void> {
    if (!await filled) return
    listener?.lead()
    await reconciler.lead(signal)
  }

  async function stop (): Promise<void> {
    stopping = true
    listener?.drain()
    log.info({}, 'stopping')
    await reconciler.drain()
    ended.abort()
    await elector?.stop()
    await events.flush()
    await delay(config.shutdownDelayMs)
    await Promise.all([app.close(), listener?.stop(), reconciler.stop()])
    await Promise.all([client.close(), leaseClient.close()])
  }

  return { url, get leading () { return leading() }, stop }
}
