// What Crossplane's core is started with. Pure: starting it is crossplane.ts.

/** Where Crossplane keeps its own objects. */
export const crossplaneNamespace = 'crossplane-system'

/** Secrets that `core init` makes: the authority of all functions, and the certificate that core shows them. */
export const rootCaSecret = 'crossplane-root-ca'
export const clientSecret = 'crossplane-tls-client'

export interface CorePorts {
  metrics: number
  health: number
  webhook: number
}

export const initArguments = ['core', 'init', '--activation=*']

export function startArguments (): string[] {
  // What is made by others than core, a managed resource's ARN above all, is seen by watches; this is for the rest.
  return ['core', 'start', '--poll-interval=10s']
}

/**
 * `dir` is core's own; the folder of its client certificate in it is for the caller to fill. That of CRDs is empty: the
 * caller has applied them. It has no flag for an address: its ports are open on all interfaces.
 */
export function coreEnvironment (dir: string, { metrics, health, webhook }: CorePorts): NodeJS.ProcessEnv {
  return {
    POD_NAMESPACE: crossplaneNamespace,
    POD_SERVICE_ACCOUNT: 'crossplane',
    CRDS_PATH: `${dir}/crds`,
    // Functions are processes that others start, and packages are not fetched.
    PACKAGE_RUNTIME: 'External',
    XPKG_CACHE_DIR: `${dir}/packages`,
    ENABLE_WEBHOOKS: 'false',
    TLS_CA_SECRET_NAME: rootCaSecret,
    TLS_SERVER_SECRET_NAME: 'crossplane-tls-server',
    TLS_CLIENT_SECRET_NAME: clientSecret,
    TLS_CLIENT_CERTS_DIR: `${dir}/tls`,
    METRICS_PORT: String(metrics),
    HEALTH_PROBE_PORT: String(health),
    WEBHOOK_PORT: String(webhook)
  }
}

/**
 * A function that runs at `endpoint`, as if its package had been installed. Paused, or core would fetch the package; the revision's status,
 * which says where it runs, is a write of its own.
 */
export function functionObjects (name: string, endpoint: string): { objects: object[], revision: string, status: object } {
  const image = `registry.example.com/none/${name}:v0`
  const paused = { 'crossplane.io/paused': 'true' }
  const revision = `${name}-local`
  return {
    objects: [
      {
        apiVersion: 'pkg.crossplane.io/v1',
        kind: 'Function',
        metadata: { name, annotations: paused },
        spec: { package: image, packagePullPolicy: 'Never' }
      },
      {
        apiVersion: 'pkg.crossplane.io/v1',
        kind: 'FunctionRevision',
        metadata: { name: revision, annotations: paused, labels: { 'pkg.crossplane.io/package': name } },
        spec: { desiredState: 'Active', image, revision: 1, packagePullPolicy: 'Never' }
      }
    ],
    revision,
    status: { endpoint, capabilities: ['composition'] }
  }
}
