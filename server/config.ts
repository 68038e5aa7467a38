// The operator's configuration: environment variables, validated once, with a message that names the wrong one.
import { hostname } from 'node:os'
import { Ajv, type ErrorObject } from 'ajv'

export interface Config {
  /** Path of a kubeconfig; undefined: the ServiceAccount of the pod this runs in. */
  kubeconfig: string | undefined
  kubeContext: string | undefined
  podNamespace: string
  podName: string
  /** The one namespace to watch; empty: all. */
  watchNamespace: string
  countdownIntervalMs: number
  reconcileConcurrency: number
  leaderElection: boolean
  leaseName: string
  leaseDurationMs: number
  leaseRenewDeadlineMs: number
  leaseRetryMs: number
  /** The Helm release, as other installs are told of it. */
  releaseName: string
  /** Name of the Lease by which an install claims what it looks after; empty: it may stand beside any other. */
  installLease: string
  /** Where an install for the whole cluster claims it. */
  installLeaseNamespace: string
  /** The ClusterRole, or the Role where one namespace is watched, with which that Lease goes; empty: it stays. */
  installLeaseOwner: string
  listenAddress: string
  httpPort: number
  webhookPort: number
  /** Whether the webhooks are served: with certificate files, or for a configuration. */
  webhooks: boolean
  /** Name of both webhook configurations; empty: none is looked after. */
  webhookConfiguration: string
  /** The Service the API server calls us by; empty: it does not. */
  webhookService: string
  /** Further DNS names and addresses for our own certificate. */
  webhookExtraNames: string[]
  /** A folder with tls.crt, tls.key and perhaps ca.crt; undefined: certificates of our own. */
  webhookCertDir: string | undefined
  certSecret: string
  shutdownDelayMs: number
  /** Whether metrics and log level are served by the webhooks' listener, to those with rights. */
  metricsAuth: boolean
  logLevel: string
}

/** pino's, the loudest first. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** A variable that cannot be used. The process exits with 78 (EX_CONFIG of sysexits.h). */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly exitCode = 78
}

const seconds = (fallback: number, exclusiveMinimum = 0) => ({ type: 'number', exclusiveMinimum, maximum: 86_400, default: fallback })
const port = (fallback: number) => ({ type: 'integer', minimum: 0, maximum: 65_535, default: fallback })
const dnsName = (fallback: string) => ({ type: 'string', pattern: '^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$', default: fallback })

const optionalName = { type: 'string', pattern: '^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$', default: '' }

/** What each variable may be, and what it is when unset or empty. */
const properties = {
  KUBECONFIG: { type: 'string' },
  KUBE_CONTEXT: { type: 'string' },
  POD_NAMESPACE: dnsName('topicten-system'),
  POD_NAME: dnsName(''),
  WATCH_NAMESPACE: { type: 'string', pattern: '^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$', default: '' },
  COUNTDOWN_INTERVAL_SECONDS: seconds(60),
  RECONCILE_CONCURRENCY: { type: 'integer', minimum: 1, maximum: 256, default: 16 },
  LEADER_ELECTION: { type: 'boolean', default: true },
  LEASE_NAME: dnsName('topicten'),
  LEASE_DURATION_SECONDS: seconds(15),
  LEASE_RENEW_DEADLINE_SECONDS: seconds(10),
  LEASE_RETRY_SECONDS: seconds(2),
  RELEASE_NAME: optionalName,
  INSTALL_LEASE: optionalName,
  INSTALL_LEASE_NAMESPACE: dnsName('kube-system'),
  INSTALL_LEASE_OWNER: { type: 'string', default: '' },
  LISTEN_ADDRESS: { type: 'string', default: '::' },
  HTTP_PORT: port(8080),
  WEBHOOK_PORT: port(9443),
  WEBHOOK_CONFIGURATION: { type: 'string', default: '' },
  WEBHOOK_SERVICE: { type: 'string', default: '' },
  WEBHOOK_EXTRA_NAMES: { type: 'string', pattern: '^[-A-Za-z0-9.:, ]*$', default: '' },
  WEBHOOK_CERT_DIR: { type: 'string' },
  CERT_SECRET: dnsName('topicten-webhook'),
  SHUTDOWN_DELAY_SECONDS: { type: 'number', minimum: 0, maximum: 3_600 },
  METRICS_AUTH: { type: 'boolean', default: false },
  LOG_LEVEL: { enum: logLevels, default: 'info' }
} as const

type Variables = { [K in Exclude<keyof typeof properties, 'KUBECONFIG' | 'KUBE_CONTEXT' | 'WEBHOOK_CERT_DIR' | 'SHUTDOWN_DELAY_SECONDS'>]:
  typeof properties[K] extends { default: infer D } ? (D extends number ? number : D extends boolean ? boolean : string) : never
} & { KUBECONFIG?: string, KUBE_CONTEXT?: string, WEBHOOK_CERT_DIR?: string, SHUTDOWN_DELAY_SECONDS?: number }

const validate = new Ajv({ coerceTypes: true, useDefaults: true, allErrors: true }).compile<Variables>({ type: 'object', properties })

/**
 * Reads the configuration from an environment. An empty variable counts as unset.
 * @throws {ConfigError} naming every variable that is wrong, what it is, and what would be right.
 */
export function readConfig (environment: NodeJS.ProcessEnv): Config {
  const given = Object.keys(properties).filter(name => environment[name] !== undefined && environment[name] !== '')
  const variables: unknown = { POD_NAME: hostname().toLowerCase(), ...Object.fromEntries(given.map(name => [name, environment[name]])) }
  if (!validate(variables)) throw new ConfigError((validate.errors ?? []).map(error => explain(error, environment)).join('; '))
  const inCluster = variables.KUBECONFIG === undefined
  const config: Config = {
    kubeconfig: variables.KUBECONFIG,
    kubeContext: variables.KUBE_CONTEXT,
    podNamespace: variables.POD_NAMESPACE,
    podName: variables.POD_NAME,
    watchNamespace: variables.WATCH_NAMESPACE,
    countdownIntervalMs: variables.COUNTDOWN_INTERVAL_SECONDS * 1000,
    reconcileConcurrency: variables.RECONCILE_CONCURRENCY,
    leaderElection: variables.LEADER_ELECTION,
    leaseName: variables.LEASE_NAME,
    leaseDurationMs: variables.LEASE_DURATION_SECONDS * 1000,
    leaseRenewDeadlineMs: variables.LEASE_RENEW_DEADLINE_SECONDS * 1000,
    leaseRetryMs: variables.LEASE_RETRY_SECONDS * 1000,
    releaseName: variables.RELEASE_NAME || variables.LEASE_NAME,
    installLease: variables.INSTALL_LEASE,
    installLeaseNamespace: variables.INSTALL_LEASE_NAMESPACE,
    installLeaseOwner: variables.INSTALL_LEASE_OWNER,
    listenAddress: variables.LISTEN_ADDRESS,
    httpPort: variables.HTTP_PORT,
    webhookPort: variables.WEBHOOK_PORT,
    webhooks: variables.WEBHOOK_CONFIGURATION !== '' || variables.WEBHOOK_CERT_DIR !== undefined,
    webhookConfiguration: variables.WEBHOOK_CONFIGURATION,
    webhookService: variables.WEBHOOK_SERVICE,
    webhookExtraNames: variables.WEBHOOK_EXTRA_NAMES.split(',').map(name => name.trim()).filter(name => name !== ''),
    webhookCertDir: variables.WEBHOOK_CERT_DIR,
    certSecret: variables.CERT_SECRET,
    shutdownDelayMs: (variables.SHUTDOWN_DELAY_SECONDS ?? (inCluster ? 10 : 0)) * 1000,
    metricsAuth: variables.METRICS_AUTH,
    logLevel: variables.LOG_LEVEL
  }
  checkLease(config)
  checkMetrics(config)
  return config
}

/** The leader must have stopped before another can start, and must get to try more than once. */
function checkLease ({ leaseDurationMs, leaseRenewDeadlineMs, leaseRetryMs }: Config): void {
  if (leaseDurationMs > leaseRenewDeadlineMs && leaseRenewDeadlineMs > leaseRetryMs) return
  throw new ConfigError('LEASE_DURATION_SECONDS must be greater than LEASE_RENEW_DEADLINE_SECONDS, and that greater than LEASE_RETRY_SECONDS: ' +
    `found ${leaseDurationMs / 1000}, ${leaseRenewDeadlineMs / 1000} and ${leaseRetryMs / 1000}`)
}

/** A token is sent over TLS or not at all. */
function checkMetrics ({ metricsAuth, webhooks }: Config): void {
  if (metricsAuth && !webhooks) throw new ConfigError('METRICS_AUTH needs the TLS listener of the webhooks: set WEBHOOK_CONFIGURATION or WEBHOOK_CERT_DIR as well')
}

function explain ({ instancePath, message = 'is wrong', params }: ErrorObject, environment: NodeJS.ProcessEnv): string {
  const name = instancePath.slice(1)
  const allowed = Array.isArray(params['allowedValues']) ? `: ${params['allowedValues'].join(', ')}` : ''
  return `${name} ${message}${allowed}: found ${JSON.stringify(environment[name])}`
}
