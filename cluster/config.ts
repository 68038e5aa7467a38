// Where the API server is and who we are to it: read by the Kubernetes client's KubeConfig, kept fresh here.
import { readFileSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { dirname, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { KubeConfig } from '@kubernetes/client-node'
import { parse } from 'yaml'

export interface TlsOptions {
  ca?: string | Buffer
  cert?: string | Buffer
  key?: string | Buffer
  servername?: string
  rejectUnauthorized?: boolean
}

/** One generation of credentials. `tls` is the same object as long as its content is the same. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: TlsOptions
}

export interface ClusterConfig {
  /** URL of the API server; may have a path. */
  readonly server: string
  /** Namespace of the context, or of the service account. */
  readonly namespace: string | undefined
  /**
   * The credentials of now. Files and tokens are looked at again once a minute, and at once when `refused` is what was got last:
   * gives that same object back when nothing newer is to be had. Throws when they cannot be read.
   */
  credentials (refused?: Credentials): Promise<Credentials>
}

export interface ClusterConfigOptions {
  /** Path of a kubeconfig file; without it the pod's service account is used. */
  kubeconfig?: string | undefined
  context?: string | undefined
  now?: () => number
}

// As often as client-go and KubeConfig look at a token file: the kubelet rotates tokens at 80 % of their life, ten minutes at the least.
const freshMs = 60_000

/** Throws with the file, the context or the variable that is missing. */
export function loadClusterConfig ({ kubeconfig, context, now = () => performance.now() }: ClusterConfigOptions = {}): ClusterConfig {
  let source = loadSource(kubeconfig, context)
  let current: Credentials | undefined
  let readAt = 0
  let reading: Promise<Credentials> | undefined

  async function read (anew: boolean): Promise<Credentials> {
    if (anew) source = loadSource(kubeconfig, context)
    const found = await readCredentials(source.config)
    current = merge(current, found)
    readAt = now()
    return current
  }

  async function credentials (refused?: Credentials): Promise<Credentials> {
    const anew = refused !== undefined && refused === current
    if (current !== undefined && !anew && now() - readAt < freshMs) return current
    reading ??= read(anew).finally(() => { reading = undefined })
    return await reading
  }

  return { server: source.server, namespace: source.namespace, credentials }
}

function loadSource (kubeconfig: string | undefined, context: string | undefined) {
  const config = new KubeConfig()
  if (kubeconfig === undefined) config.loadFromCluster()
  else loadFile(config, kubeconfig)
  if (context !== undefined) config.setCurrentContext(context)
  const cluster = config.getCurrentCluster()
  const where = kubeconfig === undefined ? 'in-cluster credentials' : `kubeconfig ${kubeconfig}`
  if (!cluster) throw new Error(`${where}: no cluster for context ${JSON.stringify(config.currentContext)}; name one that exists`)
  if (!URL.canParse(cluster.server)) {
    throw new Error(`${where}: server is ${JSON.stringify(cluster.server)}; expected a URL (in a pod: KUBERNETES_SERVICE_HOST and _PORT)`)
  }
  if (cluster.proxyUrl) throw new Error(`${where}: proxy-url is not supported; remove it from cluster ${cluster.name}`)
  // KubeConfig refuses credentials over plain HTTP unless verification is off, which has no other meaning there (`kubectl proxy`).
  if (cluster.server.startsWith('http:')) config.clusters = config.clusters.map(each => ({ ...each, skipTLSVerify: true }))
  return { config, server: cluster.server, namespace: config.getContextObject(config.currentContext)?.namespace?.trim() }
}

function loadFile (config: KubeConfig, path: string): void {
  config.loadFromFile(path)
  // KubeConfig 2.0 overlooks `tokenFile` in a file, though it reads such files for in-cluster credentials.
  const { users } = parse(readFileSync(path, 'utf8')) as { users?: { name: string, user?: { tokenFile?: string } }[] }
  const tokenFiles = new Map((users ?? []).map(({ name, user }) => [name, user?.tokenFile]))
  config.users = config.users.map(user => {
    const tokenFile = tokenFiles.get(user.name)
    if (tokenFile === undefined) return user
    const { token: _, ...rest } = user
    return { ...rest, authProvider: { name: 'tokenFile', config: { tokenFile: resolve(dirname(path), tokenFile) } } }
  })
}

async function readCredentials (config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = { headers: {} }
  await config.applyToHTTPSOptions(options)
  const { ca, cert, key, servername, rejectUnauthorized } = options
  const tls = { ca, cert, key, servername, rejectUnauthorized }
  return {
    headers: Object.fromEntries(Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value).trim()])),
    tls: Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))
  }
}

function merge (old: Credentials | undefined, found: Credentials): Credentials {
  if (old === undefined || !isDeepStrictEqual(old.tls, found.tls)) return found
  return isDeepStrictEqual(old.headers, found.headers) ? old : { headers: found.headers, tls: old.tls }
}
