// The HTTPS application that the API server calls; certificates are swapped while it listens.
import type { Server } from 'node:tls'
import Fastify from 'fastify'
import { webhooks, type WebhooksOptions } from '../webhooks/plugin.ts'
import type { Pair } from './authority.ts'

export interface WebhookApp {
  /** Resolves with the port. Handshakes fail until there is a pair to serve. */
  listen: (host: string, port: number) => Promise<number>
  /** New handshakes get this certificate; what is connected stays. */
  serve: (pair: Pair) => void
  /** From now on each answer ends its connection, so that the API server opens the next one elsewhere. */
  drain: () => void
  /** Answers what is in hand, then closes. */
  close: () => Promise<void>
}

/** kube-apiserver keeps idle connections for 90 s and does not repeat a POST that met a closed one: ours live longer. */
const keepAliveMs = 120_000
const minVersion = 'TLSv1.3'

export function buildWebhookApp (options: WebhooksOptions): WebhookApp {
  let draining = false
  // A request that comes while we close is answered like any other.
  const app = Fastify({
    logger: false, https: { minVersion }, keepAliveTimeout: keepAliveMs, forceCloseConnections: 'idle', return503OnClosing: false
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (draining) void reply.header('connection', 'close')
    done()
  })
  void app.register(webhooks, options)
  return {
    async listen (host, port) {
      await app.listen({ host, port })
      const address = app.server.address()
      return typeof address === 'object' && address !== null ? address.port : 0
    },
    serve ({ certificate, key }) { (app.server as Server).setSecureContext({ cert: certificate, key, minVersion }) },
    drain () { draining = true },
    async close () { await app.close() }
  }
}
