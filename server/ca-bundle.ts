// Puts the authorities into the webhook configurations, whoever made those, and takes no other field of them.
import type { X509Certificate } from 'node:crypto'
import { backoffMs } from '../cluster/backoff.ts'
import type { Client } from '../cluster/client.ts'
import { isConflict, isInvalid, isNotFound } from '../cluster/errors.ts'
import type { Logger } from '../cluster/logger.ts'
import { createReflector } from '../cluster/reflector.ts'
import { type Configuration, distrustOf, needsBundle, patchFor, webhooksOf } from './configuration.ts'

export interface CaBundleOptions {
  client: Client
  /** The name of both configurations. */
  name: string
  /** The leader also takes out what does not belong; the others only put in what is missing, so that one that lags behind fights nobody. */
  isLeading: () => boolean
  /** Told of each change of a configuration. */
  onChange: () => void
  /** Monotonic, in milliseconds. */
  now?: () => number
  log: Logger
}

export interface CaBundle {
  start: () => void
  stop: () => Promise<void>
  /** From now on every configuration gets this bundle (PEM), also those that come or are changed later. */
  publish: (bundle: string) => void
  /** Looks at all configurations again: this process leads now. */
  check: () => void
  /** For how long every configuration that exists has carried what was published; undefined while one does not. */
  readonly publishedForMs: number | undefined
  /**
   * Which configuration does not trust this chain, in words; undefined when all that exist do. One that is away is no fault:
   * somebody broke the glass.
   */
  distrust: (chain: readonly X509Certificate[]) => string | undefined
}

const kinds = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'] as const

/** Two writes to one configuration are at least so far apart, should anyone else insist on another bundle. */
const leastMs = 1_000

export function createCaBundle (options: CaBundleOptions): CaBundle {
  const { client, name, isLeading, onChange, now = () => performance.now(), log } = options
  const wrote = new Map<string, number>()
  const writing = new Map<string, Promise<void>>()
  let wanted: string | undefined
  let publishedSince: number | undefined
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const reflectors = kinds.map(kind => {
    const path = `/apis/admissionregistration.k8s.io/v1/${kind}`
    const reflector = createReflector<Configuration>({
      client,
      path,
      query: { fieldSelector: `metadata.name=${name}` },
      project: object => ({ path: `${path}/${name}`, webhooks: webhooksOf(object) }),
      onChange: () => { look() },
      log
    })
    reflector.whenSynced().then(look, () => {})
    return reflector
  })

  const configurations = () => reflectors.flatMap(reflector => [...reflector.values()])
  const isRead = () => reflectors.every(({ synced }) => synced)

  function look (): void {
    const bundle = wanted
    const published = isRead() && bundle !== undefined && configurations().every(each => !needsBundle(each, bundle, false))
    publishedSince = published ? publishedSince ?? now() : undefined
    for (const configuration of configurations()) bring(configuration)
    onChange()
  }

  function bring (configuration: Configuration): void {
    const { path } = configuration
    if (stopped || wanted === undefined || writing.has(path) || !needsBundle(configuration, wanted, isLeading())) return
    const waitMs = (wrote.get(path) ?? -Infinity) + leastMs - now()
    if (waitMs > 0) {
      lookAfter(waitMs)
      return
    }
    wrote.set(path, now())
    writing.set(path, write(configuration, wanted).finally(() => {
      writing.delete(path)
      // What changed while this was under way was left alone.
      if (!stopped) lookAfter(leastMs)
    }))
  }

  async function write (configuration: Configuration, bundle: string): Promise<void> {
    const { path } = configuration
    try {
      await client.request('PATCH', path, { body: patchFor(configuration, bundle), contentType: 'application/json-patch+json' })
      failures = 0
      log.info({ configuration: path }, 'authorities published')
    } catch (error) {
      // It was changed or deleted meanwhile: the watch brings the news.
      if (stopped || isConflict(error) || isNotFound(error) || isInvalid(error)) return
      wrote.set(path, now() + backoffMs(++failures, { baseMs: leastMs, maxMs: 30_000 }, Math.random))
      log.error({ configuration: path, err: error }, 'authorities not published')
    }
  }

  function lookAfter (ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(look, ms)
  }

  return {
    start () { for (const reflector of reflectors) reflector.start() },
    async stop () {
      stopped = true
      clearTimeout(timer)
      await Promise.all([...reflectors.map(reflector => reflector.stop()), ...writing.values()])
    },
    publish (bundle) {
      if (bundle === wanted) return
      wanted = bundle
      publishedSince = undefined
      look()
    },
    check: look,
    get publishedForMs () { return publishedSince === undefined ? undefined : now() - publishedSince },
    distrust: chain => isRead() ? distrustOf(configurations(), chain) : 'not read yet'
  }
}
