// Puts the authorities into the webhook configurations, whoever made those, and takes no other field of them.
import type { Client } from '../cluster/client.ts'
import { isConflict, isInvalid, isNotFound } from '../cluster/errors.ts'
import type { Logger } from '../cluster/logger.ts'
import { createReflector } from '../cluster/reflector.ts'

export interface CaBundleOptions {
  client: Client
  /** The name of both configurations. */
  name: string
  log: Logger
}

export interface CaBundle {
  start: () => void
  stop: () => Promise<void>
  /** From now on every configuration gets this bundle (PEM), also those that come or are changed later. */
  publish: (bundle: string) => void
  /** Whether every configuration that exists carries it; one that is away is no fault: somebody broke the glass. */
  isPublished: (bundle: string) => boolean
  readonly synced: boolean
}

interface Configuration {
  path: string
  webhooks: Array<{ name: string, caBundle: string | undefined }>
}

const kinds = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'] as const

export function createCaBundle ({ client, name, log }: CaBundleOptions): CaBundle {
  let wanted: string | undefined
  const reflectors = kinds.map(kind => {
    const path = `/apis/admissionregistration.k8s.io/v1/${kind}`
    return createReflector<Configuration>({
      client,
      path,
      query: { fieldSelector: `metadata.name=${name}` },
      project: object => ({ path: `${path}/${name}`, webhooks: webhooksOf(object) }),
      onChange: ({ object }) => { if (object !== undefined) bring(object) },
      log
    })
  })

  function bring (configuration: Configuration): void {
    const bundle = wanted
    if (bundle === undefined || configuration.webhooks.every(({ caBundle }) => caBundle === bundle)) return
    // The index is only good while the name stands there: a chart may rename or reorder webhooks meanwhile.
    const patch = configuration.webhooks.flatMap((webhook, index) => webhook.caBundle === bundle
      ? []
      : [
          { op: 'test', path: `/webhooks/${index}/name`, value: webhook.name },
          { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: bundle }
        ])
    client.request('PATCH', configuration.path, { body: patch, contentType: 'application/json-patch+json' }).then(
      () => { log.info({ configuration: configuration.path }, 'authorities published') },
      (error: unknown) => { retry(configuration, error) })
  }

  function retry (configuration: Configuration, error: unknown): void {
    // It was changed or deleted meanwhile: the watch brings the news.
    if (isConflict(error) || isNotFound(error) || isInvalid(error)) return
    log.error({ configuration: configuration.path, err: error }, 'authorities were not published')
    setTimeout(() => { bringAll() }, 1000).unref()
  }

  function bringAll (): void {
    for (const reflector of reflectors) for (const configuration of reflector.values()) bring(configuration)
  }

  return {
    start () { for (const reflector of reflectors) reflector.start() },
    async stop () { await Promise.all(reflectors.map(reflector => reflector.stop())) },
    publish (bundle) {
      wanted = Buffer.from(bundle).toString('base64')
      bringAll()
    },
    isPublished (bundle) {
      const encoded = Buffer.from(bundle).toString('base64')
      return reflectors.every(({ synced, values }) => synced && [...values()].every(({ webhooks }) =>
        webhooks.every(({ caBundle }) => caBundle === encoded)))
    },
    get synced () { return reflectors.every(({ synced }) => synced) }
  }
}

function webhooksOf (object: object): Configuration['webhooks'] {
  const { webhooks = [] } = object as { webhooks?: Array<{ name: string, clientConfig?: { caBundle?: string } }> }
  return webhooks.map(({ name, clientConfig }) => ({ name, caBundle: clientConfig?.caBundle }))
}
