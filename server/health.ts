// Liveness and readiness: named checks, and how kubelet and people read them.
import type { FastifyPluginAsync } from 'fastify'

/** A check is a fault in words, or undefined when all is well. */
export type Checks = Record<string, () => string | undefined>

export interface HealthOptions {
  live: Checks
  ready: Checks
}

/** `GET /livez` and `/readyz`: 200 `ok` or 503 with a line per check, as with `?verbose`. */
export const health: FastifyPluginAsync<HealthOptions> = async (app, { live, ready }) => {
  for (const [path, checks] of [['/livez', live], ['/readyz', ready]] as const) {
    app.get(path, async (request, reply) => {
      const faults = Object.entries(checks).map(([name, check]) => [name, check()] as const)
      const healthy = faults.every(([, fault]) => fault === undefined)
      const verbose = Object.hasOwn(request.query as object, 'verbose')
      void reply.code(healthy ? 200 : 503).header('cache-control', 'no-store').type('text/plain; charset=utf-8')
      if (healthy && !verbose) return 'ok'
      const lines = faults.map(([name, fault]) => fault === undefined ? `[+]${name} ok` : `[-]${name} failed: ${fault}`)
      return `${lines.join('\n')}\n${path.slice(1)} check ${healthy ? 'passed' : 'failed'}\n`
    })
  }
}
