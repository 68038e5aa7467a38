// What Argo CD's processes and their Redis are started with. Pure: starting them is argocd.ts.

/** Where Argo CD keeps its own objects. */
export const argoNamespace = 'argocd'

/** In the order in which they are started. */
export const components = ['redis', 'argocd-repo-server', 'argocd-application-controller', 'argocd-server'] as const

export type Component = typeof components[number]

export interface ArgoPorts {
  redis: number
  repoServer: number
  repoServerMetrics: number
  controllerMetrics: number
  server: number
  serverMetrics: number
}

/** The arguments of each; the file redis.conf and the others' environment are for the caller to give. */
export function componentArguments (dir: string, ports: ArgoPorts): Record<Component, string[]> {
  const redis = ['--redis', loopback(ports.redis)]
  const repoServer = ['--repo-server', loopback(ports.repoServer), '--repo-server-plaintext', ...redis]
  return {
    redis: [`${dir}/redis.conf`],
    'argocd-repo-server': [
      ...listening(ports.repoServer, ports.repoServerMetrics), ...redis,
      // Its default names a file, which it refuses to have without TLS.
      '--disable-tls', '--client-ca-path=',
      // A commit is seen at once.
      '--revision-cache-expiration', '1s'
    ],
    // It has no flag for the address of its metrics: this one port is open on all interfaces.
    'argocd-application-controller': ['--metrics-port', String(ports.controllerMetrics), ...repoServer, '--app-resync', '5', '--app-resync-jitter', '0'],
    'argocd-server': [
      ...listening(ports.server, ports.serverMetrics), '--insecure', ...repoServer,
      // There is none, and nothing to be found at this address.
      '--dex-server', 'http://127.0.0.1:1'
    ]
  }
}

/** Where each tells that it is ready; of redis only redis-cli can ask. */
export function healthUrls (ports: ArgoPorts): Record<Exclude<Component, 'redis'>, string> {
  return {
    'argocd-repo-server': `http://${loopback(ports.repoServerMetrics)}/healthz`,
    'argocd-application-controller': `http://${loopback(ports.controllerMetrics)}/healthz`,
    'argocd-server': `http://${loopback(ports.server)}/healthz?full=true`
  }
}

/** Of a Redis that keeps nothing and answers on this machine alone, to those who know `password`. */
export function redisConfiguration (dir: string, port: number, password: string): string {
  return [`port ${port}`, 'bind 127.0.0.1', `requirepass ${password}`, 'save ""', 'appendonly no', `dir ${dir}`, ''].join('\n')
}

/** What Argo CD's programs find in their environment besides a plane's own; all they write is in `dir`. */
export function argoEnvironment (dir: string, redisPassword: string): NodeJS.ProcessEnv {
  return {
    REDIS_PASSWORD: redisPassword,
    // The destination https://kubernetes.default.svc is the cluster of the kubeconfig.
    ARGOCD_FAKE_IN_CLUSTER: 'true',
    ARGOCD_ASK_PASS_SOCK: `${dir}/ask-pass.sock`,
    ARGOCD_TLS_DATA_PATH: `${dir}/tls`,
    ARGOCD_SSH_DATA_PATH: `${dir}/ssh`,
    ARGOCD_GPG_ENABLED: 'false',
    ARGOCD_GPG_DATA_PATH: `${dir}/gpg/source`,
    ARGOCD_GNUPGHOME: `${dir}/gpg/keys`,
    ARGOCD_PLUGINSOCKFILEPATH: `${dir}/plugins`
  }
}

function listening (port: number, metricsPort: number): string[] {
  return ['--address', '127.0.0.1', '--port', String(port), '--metrics-address', '127.0.0.1', '--metrics-port', String(metricsPort)]
}

function loopback (port: number): string {
  return `127.0.0.1:${port}`
}
