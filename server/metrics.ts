// The metrics of the operator, under the names that dashboards of controller-runtime operators know, and our own.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { QueueObserver } from '../reconciler/queue.ts'
import type { Result } from '../reconciler/reconcile.ts'

export interface Metrics {
  registry: Registry
  queue: QueueObserver
  reconciled (outcome: Result['outcome'] | 'error', seconds: number): void
  requested (request: { verb: string, code: number | 'error', seconds: number }): void
  stepped (): void
  relisted (kind: string): void
  answered (webhook: string, code: number, seconds: number, verdict: string): void
}

/** Read when somebody scrapes, so that keeping them costs nothing. */
export interface Readings {
  leading: () => boolean
  activeWorkers: () => number
  topicTens: () => number
  uninjectedPods: () => number
  lastEventAgeSeconds: () => Record<string, number>
  /** Seconds since the epoch, by `leaf` and `authority`. */
  certificateExpiries: () => Record<string, number>
}

const controller = 'topicten'
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createMetrics (readings: Readings, settings: { concurrency: number, leaseName: string, version: string }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const gauge = (name: string, help: string, labels: Record<string, string>, read: () => number): void => {
    const made: Gauge = new Gauge({ name, help, labelNames: Object.keys(labels), registers, collect: () => { made.set(labels, read()) } })
  }
  const gauges = (name: string, help: string, label: string, read: () => Record<string, number>): void => {
    const made: Gauge = new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      collect () {
        // A series that ended must not stay at its last value.
        made.reset()
        for (const [value, number] of Object.entries(read())) made.set({ [label]: value }, number)
      }
    })
  }
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) => new Counter({ name, help, labelNames, registers })
  const histogram = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Histogram({ name, help, labelNames, buckets, registers })

  gauge('leader_election_master_status', 'Whether this process leads (1) or not (0).', { name: settings.leaseName }, () => Number(readings.leading()))
  gauge('controller_runtime_active_workers', 'Workers with a reconcile in hand.', { controller }, readings.activeWorkers)
  gauge('controller_runtime_max_concurrent_reconciles', 'Workers there are.', { controller }, () => settings.concurrency)
  gauge('topicten_topictens', 'TopicTens in the cache.', {}, readings.topicTens)
  gauge('topicten_uninjected_pods', 'Pods that lack the variables of their TopicTen, as the leader sees them.', {}, readings.uninjectedPods)
  gauge('topicten_build_info', 'The version that runs.', { version: settings.version }, () => 1)
  gauges('topicten_watch_last_event_age_seconds', 'Seconds since a watch last brought something, bookmarks included.', 'kind',
    readings.lastEventAgeSeconds)
  gauges('topicten_certificate_expiry_timestamp_seconds', 'When what the webhooks serve ends.', 'certificate', readings.certificateExpiries)

  const reconciles = counter('controller_runtime_reconcile_total', 'Reconciles by result.', ['controller', 'result'])
  const errors = counter('controller_runtime_reconcile_errors_total', 'Reconciles that failed and are tried again.', ['controller'])
  const terminal = counter('controller_runtime_terminal_reconcile_errors_total', 'Reconciles that ended in what only a user can mend.', ['controller'])
  const times = histogram('controller_runtime_reconcile_time_seconds', 'How long a reconcile takes.', ['controller'])
  const depth = new Gauge({ name: 'workqueue_depth', help: 'Keys in line.', labelNames: ['name'], registers })
  const adds = counter('workqueue_adds_total', 'Keys put in line.', ['name'])
  const retries = counter('workqueue_retries_total', 'Keys put in line again after a failure.', ['name'])
  const waits = histogram('workqueue_queue_duration_seconds', 'How long a key stands in line.', ['name'])
  const work = histogram('workqueue_work_duration_seconds', 'How long a key is worked on.', ['name'])
  const requests = counter('rest_client_requests_total', 'Requests to the API server by answer.', ['method', 'code'])
  const latencies = histogram('rest_client_request_duration_seconds', 'How long the API server takes to answer.', ['verb'])
  const steps = counter('topicten_steps_total', 'Replicas taken away.', [])
  const relists = counter('topicten_relists_total', 'Times a kind was listed anew.', ['kind'])
  const answers = counter('controller_runtime_webhook_requests_total', 'Admission requests by HTTP code.', ['webhook', 'code'])
  const verdicts = counter('topicten_admissions_total', 'Admission requests by verdict.', ['webhook', 'verdict'])
  const answerTimes = histogram('controller_runtime_webhook_latency_seconds', 'How long an admission request takes.', ['webhook'])
  // Series that have not happened yet read 0, so that rates and alerts work from the start.
  errors.inc({ controller }, 0)
  terminal.inc({ controller }, 0)
  retries.inc({ name: controller }, 0)

  return {
    registry,
    queue: {
      added (keys) {
        adds.inc({ name: controller })
        depth.set({ name: controller }, keys)
      },
      started (keys, waitedSeconds) {
        depth.set({ name: controller }, keys)
        waits.observe({ name: controller }, waitedSeconds)
      },
      retried: () => { retries.inc({ name: controller }) }
    },
    reconciled (outcome, seconds) {
      const result = outcome === 'again' ? 'requeue_after' : outcome === 'error' || outcome === 'terminal' ? 'error' : 'success'
      reconciles.inc({ controller, result })
      if (outcome === 'error') errors.inc({ controller })
      if (outcome === 'terminal') terminal.inc({ controller })
      times.observe({ controller }, seconds)
      work.observe({ name: controller }, seconds)
    },
    requested ({ verb, code, seconds }) {
      requests.inc({ method: verb, code: code === 'error' ? '<error>' : String(code) })
      latencies.observe({ verb }, seconds)
    },
    stepped: () => { steps.inc() },
    relisted: kind => { relists.inc({ kind }) },
    answered (webhook, code, seconds, verdict) {
      answers.inc({ webhook, code })
      verdicts.inc({ webhook, verdict })
      answerTimes.observe({ webhook }, seconds)
    }
  }
}
