// The admission role, assembled: the HTTPS listener, where its certificates come from, and what makes it ready.
import type { X509Certificate } from 'node:crypto'
import type { V1OwnerReference } from '@kubernetes/client-node'
import type { FastifyInstance } from 'fastify'
import type { TopicTen } from '../api/topicten.ts'
import type { Client } from '../cluster/client.ts'
import type { Logger } from '../cluster/logger.ts'
import type { WebhooksOptions } from '../webhooks/plugin.ts'
import { certificatesOf, type Pair } from './authority.ts'
import { createCaBundle } from './ca-bundle.ts'
import { createCertificateFiles } from './certificate-files.ts'
import { type CertificateTimes, createCertificates } from './certificates.ts'
import type { Config } from './config.ts'
import type { Checks } from './health.ts'
import { createLookup } from './lookup.ts'
import { createSelfDial } from './self-dial.ts'
import { buildWebhookApp, type WebhookApp } from './webhook-app.ts'

export interface WebhookListenerOptions {
  client: Client
  config: Config
  cached: (key: string) => TopicTen | undefined
  isLeading: () => boolean
  owner: () => Promise<V1OwnerReference | undefined>
  onAnswer: NonNullable<WebhooksOptions['onAnswer']>
  /** How long certificates live and when they are looked at; `checkMs` is for files as well. */
  times: CertificateTimes
  /** Registers what else the listener serves. */
  extend: (app: FastifyInstance) => void
  log: Logger
}

export interface WebhookListener {
  /** Rejects when the port cannot be listened on. */
  start: () => Promise<void>
  /** This process leads now: there may be certificates to make. */
  lead: () => void
  ready: Checks
  /** Seconds since the epoch when what is served ends; without the authority where that is somebody else's. */
  readonly expiries: Record<string, number>
  drain: WebhookApp['drain']
  quiet: () => Promise<void>
  stop: () => Promise<void>
}

/** A folder of certificate files is read again so often. */
const fileCheckMs = 5_000

export function createWebhookListener (options: WebhookListenerOptions): WebhookListener {
  const { client, config, cached, isLeading, owner, onAnswer, times, extend, log } = options
  let chain: readonly X509Certificate[] = []
  let authority: X509Certificate | undefined

  const app = buildWebhookApp({ lookup: createLookup(client, cached), log, onAnswer }, extend)
  const dial = createSelfDial(() => chain[0]?.fingerprint256)
  const caBundle = config.webhookConfiguration === ''
    ? undefined
    : createCaBundle({ client, name: config.webhookConfiguration, isLeading, onChange: () => { certificates?.check() }, log })
  const files = config.webhookCertDir === undefined
    ? undefined
    : createCertificateFiles({ dir: config.webhookCertDir, checkMs: times.checkMs ?? fileCheckMs, onPair: load, log })
  // Files come with an authority that whoever made them also publishes: cert-manager's injector, or the chart.
  const certificates = files === undefined && caBundle !== undefined
    ? createCertificates({
      ...times,
      client,
      namespace: config.podNamespace,
      secret: config.certSecret,
      names: [...namesOf(config), ...config.webhookExtraNames, 'localhost'],
      owner,
      isLeading,
      caBundle,
      onKeyring ({ leaf, bundle }) {
        authority = certificatesOf(bundle)[0]
        load(leaf)
      },
      log
    })
    : undefined

  function load (pair: Pair): void {
    const found = certificatesOf(pair.certificate)
    if (found[0]?.fingerprint256 === chain[0]?.fingerprint256) return
    app.serve(pair)
    chain = found
    log.info({ notAfter: chain[0]?.validTo, serial: chain[0]?.serialNumber }, 'certificate loaded')
    dial.dial()
  }

  return {
    async start () {
      const port = await app.listen(config.listenAddress, config.webhookPort)
      dial.start({ host: config.listenAddress, port })
      caBundle?.start()
      certificates?.start()
      await files?.start()
    },
    lead () {
      caBundle?.check()
      certificates?.check()
    },
    ready: {
      certificate: () => chain.length === 0 ? 'none loaded yet' : undefined,
      webhookConfigurations: () => caBundle?.distrust(chain),
      webhookPort: () => dial.fault
    },
    get expiries () {
      const served = { leaf: chain[0], authority }
      return Object.fromEntries(Object.entries(served).flatMap(([name, found]) => found ? [[name, Date.parse(found.validTo) / 1000]] : []))
    },
    drain: app.drain,
    quiet: () => app.quiet(),
    async stop () {
      dial.stop()
      files?.stop()
      await Promise.all([app.close(), certificates?.stop(), caBundle?.stop()])
    }
  }
}

function namesOf ({ webhookService, podNamespace }: Config): string[] {
  return webhookService === '' ? [] : [`${webhookService}.${podNamespace}.svc`]
}
