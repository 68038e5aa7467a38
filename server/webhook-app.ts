// The HTTPS application that the API server calls; certificates are swapped while it listens.
import type { Server } from 'node:tls'
import Fastify, { type FastifyInstance } from 'fastify'
import { webhooks, type WebhooksOptions } from '../webhooks/plugin.ts'
import type { Pair } from './authority.ts'

export interface WebhookApp {
  /** Resolves with the port. */
  listen: (host: string, port: number) => Promise<number>
  /** New handshakes get this certificate. */
  serve: (pair: Pair) => void
  /** From now on each answer ends its connection, so that the API server opens the next one elsewhere. */
  drain: () => void
  close: () => Promise<void>
}

/** kube-apiserver keeps idle connections for 90 s and does not repeat a POST that met a closed one: ours live longer. */
const keepAliveMs = 120_000

export function buildWebhookApp (options: WebhooksOptions): WebhookApp {
  let draining = false
  const app = Fastify({ logger: false, https: { minVersion: 'TLSv1.3' }, keepAliveTimeout: keepAliveMs, forceCloseConnections: 'idle' })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (draining) void reply.header('connection', 'close')
    done()
  })
  void app.register(webhooks, options)
  return {
    async listen (host, port) {
      await app.listen({ host, port })
      return portOf(app as unknown as FastifyInstance)
    },
    serve ({ certificate, key }) { (app.server as Server).setSecureContext({ cert: certificate, key, minVersion: 'TLSv1.3' }) },
    drain () { draining = true },
    async close () { await app.close() }
  }
}

function portOf ({ server }: FastifyInstance): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
