// The HTTPS application that the API server calls; certificates are swapped while it listens.
import { setTimeout as delay } from 'node:timers/promises'
import type { Server, TLSSocket } from 'node:tls'
import Fastify, { type FastifyInstance } from 'fastify'
import { webhooks, type WebhooksOptions } from '../webhooks/plugin.ts'
import type { Pair } from './authority.ts'

export interface WebhookApp {
  /** Resolves with the port. Handshakes fail until there is a pair to serve. */
  listen: (host: string, port: number) => Promise<number>
  /** New handshakes get this certificate; what is connected stays. */
  serve: (pair: Pair) => void
  /** From now on each answer ends its connection, so that the API server opens the next one elsewhere. */
  drain: () => void
  /**
   * Resolves when no request has come for `quietMs`, after `longestMs` at the latest. On a busy cluster some time passes until the last
   * request has been sent here, and kube-apiserver does not repeat one that meets a closed connection.
   */
  quiet: (quietMs?: number, longestMs?: number) => Promise<void>
  /** Answers what is in hand, then closes. */
  close: () => Promise<void>
}

/** kube-apiserver keeps idle connections for 90 s and does not repeat a POST that met a closed one: ours live longer. */
const keepAliveMs = 120_000
const minVersion = 'TLSv1.3'
/** A client that stays silent longer than this after it connected has no request in hand. */
const silentMs = 1_000

/** `extend` may register more than the webhooks, which are for the API server and ask nobody for a token. */
export function buildWebhookApp (options: WebhooksOptions, extend: (app: FastifyInstance) => void = () => {}): WebhookApp {
  let draining = false
  // A request that comes while we close is answered like any other.
  const app = Fastify({
    logger: false, https: { minVersion, handshakeTimeout: 10_000 }, keepAliveTimeout: keepAliveMs, forceCloseConnections: 'idle', return503OnClosing: false
  })
  const unused = trackUnused(app.server)
  let lastRequest = -Infinity
  app.server.on('request', () => { lastRequest = performance.now() })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (draining) void reply.header('connection', 'close')
    done()
  })
  void app.register(webhooks, options)
  extend(app as unknown as FastifyInstance)
  return {
    async listen (host, port) {
      await app.listen({ host, port })
      const address = app.server.address()
      return typeof address === 'object' && address !== null ? address.port : 0
    },
    serve ({ certificate, key }) { (app.server as Server).setSecureContext({ cert: certificate, key, minVersion }) },
    drain () { draining = true },
    async quiet (quietMs = 2_000, longestMs = 15_000) {
      const end = performance.now() + longestMs
      for (let now = performance.now(); now < end && now - lastRequest < quietMs; now = performance.now()) {
        await delay(Math.min(end, lastRequest + quietMs) - now)
      }
    },
    async close () {
      const sweep = setInterval(() => {
        for (const [socket, since] of unused) if (performance.now() - since > silentMs) socket.destroy()
      }, 100)
      await app.close()
      clearInterval(sweep)
    }
  }
}

/**
 * The connections on which no request has come yet, and since when: kube-apiserver opens some that it then does not need, and Node
 * does not count those as idle, so that closing would wait for them for a minute and a half.
 */
function trackUnused (server: Server): Map<TLSSocket, number> {
  const unused = new Map<TLSSocket, number>()
  server.on('secureConnection', socket => {
    unused.set(socket, performance.now())
    socket.once('close', () => { unused.delete(socket) })
  })
  server.on('request', ({ socket }) => { unused.delete(socket) })
  return unused
}
