// The HTTP application for kubelet and Prometheus; it never listens itself, so tests call it without a socket.
import Fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { health, type HealthOptions } from './health.ts'

export interface AppOptions extends HealthOptions {
  /** undefined: the metrics are served elsewhere, guarded. */
  registry: Registry | undefined
}

export function buildApp ({ live, ready, registry }: AppOptions): FastifyInstance {
  const app = Fastify({ logger: false, forceCloseConnections: true })
  void app.register(health, { live, ready })
  if (registry !== undefined) {
    app.get('/metrics', async (_request, reply) => {
      void reply.type(registry.contentType)
      return await registry.metrics()
    })
  }
  return app
}
