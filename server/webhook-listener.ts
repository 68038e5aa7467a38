// The admission role, assembled: the HTTPS listener, where its certificates come from, and what makes it ready.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import type { V1OwnerReference } from '@kubernetes/client-node'
import type { TopicTen } from '../api/topicten.ts'
import type { Client } from '../cluster/client.ts'
import type { Logger } from '../cluster/logger.ts'
import type { WebhooksOptions } from '../webhooks/plugin.ts'
import { type Pair, readPair } from './authority.ts'
import { createCaBundle } from './ca-bundle.ts'
import { createCertificates } from './certificates.ts'
import type { Config } from './config.ts'
import type { Checks } from './health.ts'
import { createLookup } from './lookup.ts'
import { buildWebhookApp } from './webhook-app.ts'

export interface WebhookListenerOptions {
  client: Client
  config: Config
  cached: (key: string) => TopicTen | undefined
  isLeading: () => boolean
  owner: () => Promise<V1OwnerReference | undefined>
  onAnswer: NonNullable<WebhooksOptions['onAnswer']>
  log: Logger
}

export interface WebhookListener {
  start: () => Promise<void>
  /** The leader has changed: there may be certificates to make. */
  lead: () => void
  ready: Checks
  /** Seconds since the epoch when the certificate that is served ends; 0 without one. */
  readonly expiresAt: number
  drain: () => void
  stop: () => Promise<void>
}

/** Mounted files are swapped by links, which no file event tells reliably. */
const fileCheckMs = 5_000
/** A dial to ourselves costs a handshake: not on every probe. */
const dialMs = 10_000

export function createWebhookListener (options: WebhookListenerOptions): WebhookListener {
  const { client, config, cached, isLeading, owner, onAnswer, log } = options
  const app = buildWebhookApp({ lookup: createLookup(client, cached), log, onAnswer })
  const caBundle = config.webhookConfiguration === '' ? undefined : createCaBundle({ client, name: config.webhookConfiguration, log })
  const certificates = config.webhookCertDir === undefined ? ownCertificates() : undefined
  let loaded: X509Certificate | undefined
  let bundle: string | undefined
  let port = 0
  let timers: NodeJS.Timeout[] = []
  let dialled: string | undefined = 'not yet'

  function ownCertificates () {
    const service = config.webhookService === '' ? [] : [`${config.webhookService}.${config.podNamespace}.svc`]
    return createCertificates({
      client,
      namespace: config.podNamespace,
      secret: config.certSecret,
      names: [...service, ...config.webhookExtraNames, 'localhost'],
      owner,
      isLeading,
      isPublished: found => caBundle?.isPublished(found) ?? true,
      onKeyring (keyring) {
        load(keyring.leaf)
        bundle = keyring.bundle
        caBundle?.publish(keyring.bundle)
      },
      log
    })
  }

  function load (pair: Pair): void {
    const certificate = readPair(pair)
    if (certificate === undefined || certificate.fingerprint256 === loaded?.fingerprint256) return
    app.serve(pair)
    loaded = certificate
    log.info({ notAfter: certificate.validTo }, 'certificate loaded')
    void dial()
  }

  async function readFiles (dir: string): Promise<void> {
    const read = (name: string) => readFile(join(dir, name), 'utf8')
    try {
      load({ certificate: await read('tls.crt'), key: await read('tls.key') })
      const authorities = await read('ca.crt').catch(() => undefined)
      if (authorities !== undefined && authorities !== bundle) caBundle?.publish(bundle = authorities)
    } catch (error) {
      log.error({ dir, err: error }, 'certificate files cannot be read')
    }
  }

  /** Sees whether our own port gives the certificate that was loaded. */
  async function dial (): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    const socket = connect({ host: config.listenAddress === '::' ? '::1' : config.listenAddress, port, rejectUnauthorized: false }, () => {
      const { fingerprint256 } = socket.getPeerCertificate()
      resolve(fingerprint256 === loaded?.fingerprint256 ? undefined : 'the port serves another certificate')
    })
    socket.setTimeout(2_000, () => { resolve('the port does not answer') })
    socket.on('error', error => { resolve(error.message) })
    dialled = await promise
    socket.destroy()
  }

  return {
    async start () {
      port = await app.listen(config.listenAddress, config.webhookPort)
      caBundle?.start()
      certificates?.start()
      const dir = config.webhookCertDir
      timers = [setInterval(() => { void dial() }, dialMs)]
      if (dir === undefined) return
      await readFiles(dir)
      timers.push(setInterval(() => { void readFiles(dir) }, fileCheckMs))
    },
    lead () { void certificates?.check() },
    ready: {
      certificate: () => loaded === undefined ? 'none loaded yet' : undefined,
      webhookConfigurations: () => caBundle === undefined || bundle === undefined || caBundle.isPublished(bundle) ? undefined : 'do not carry our authorities',
      webhookPort: () => dialled
    },
    get expiresAt () { return loaded === undefined ? 0 : Date.parse(loaded.validTo) / 1000 },
    drain: app.drain,
    async stop () {
      for (const timer of timers) clearInterval(timer)
      await Promise.all([app.close(), certificates?.stop(), caBundle?.stop()])
    }
  }
}
