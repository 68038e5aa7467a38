// TCP ports: finds some of 127.0.0.1 that nobody listens on, and looks whether somebody does.
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

// Below the ports that Linux (32768 on) and macOS (49152 on) give to outgoing connections: a component that is down
// for a moment must find its port free when it comes back.
const lowest = 20_000
const highest = 32_767

/**
 * `count` different free ports. Another process may take one before it is used: whoever listens must be ready to
 * come back for others. Rejects when none of 1,000 random ports is free.
 */
export async function freePorts (count: number): Promise<number[]> {
  const ports = new Set<number>()
  for (let tries = 0; ports.size < count; tries++) {
    if (tries === 1000) throw new Error(`there is no free port on 127.0.0.1 between ${lowest} and ${highest}`)
    const port = randomInt(lowest, highest + 1)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

async function isFree (port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

/** Whether a connection to `port` of `host`, an IP address, is taken within a second. Each look is a new connection. */
export function accepts (port: number, host = '127.0.0.1'): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ port, host, timeout: 1000 })
  socket.once('connect', () => { resolve(true) }).once('error', () => { resolve(false) }).once('timeout', () => { resolve(false) })
  return promise.finally(() => { socket.destroy() })
}
