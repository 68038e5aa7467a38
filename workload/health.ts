// Serves liveness and metrics over HTTP, for kubelet and Prometheus.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

export interface HealthOptions {
  /** Undefined: every address. */
  address: string | undefined
  /** 0: any that is free. */
  port: number
  /** A fault in words, or undefined when all is well. */
  live: () => string | undefined
  registry: Registry
}

export interface Health {
  port: number
  close (): Promise<void>
}

/**
 * `GET /livez`: 200 `ok`, or 503 with the fault; `GET /metrics`.
 * @throws {Error} when it cannot listen there
 */
export async function openHealth ({ address, port, live, registry }: HealthOptions): Promise<Health> {
  const server = createServer((request, response) => {
    void answer(request, response, live, registry).catch(() => { response.destroy() })
  })
  server.listen(port, address)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close () {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    }
  }
}

async function answer (request: IncomingMessage, response: ServerResponse, live: HealthOptions['live'], registry: Registry): Promise<void> {
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.setHeader('cache-control', 'no-store')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end('method not allowed\n')
    return
  }
  const path = request.url?.split('?', 1)[0]
  if (path === '/livez') {
    const fault = live()
    response.writeHead(fault === undefined ? 200 : 503).end(fault === undefined ? 'ok' : `${fault}\n`)
  } else if (path === '/metrics') {
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType }).end(text)
  } else {
    response.writeHead(404).end('not found\n')
  }
}
