// Dials our own port now and then, and compares the certificate it shows with the one that should be shown.
import { connect } from 'node:tls'

export interface SelfDial {
  start: (address: { host: string, port: number }) => void
  /** Dials at once: another certificate is loaded. */
  dial: () => void
  /** What is wrong, as the last dial found it; undefined when all is well. */
  readonly fault: string | undefined
  stop: () => void
}

/** A dial costs a handshake at both ends, a millisecond or two: not on each probe. */
const everyMs = 10_000
const longestMs = 2_000

/** @param expected gives the SHA-256 fingerprint of the certificate that is loaded. */
export function createSelfDial (expected: () => string | undefined): SelfDial {
  let address: { host: string, port: number } | undefined
  let timer: NodeJS.Timeout | undefined
  let round = 0
  let fault: string | undefined = 'has no certificate to show yet'

  async function dial (): Promise<void> {
    if (address === undefined || expected() === undefined) return
    const mine = ++round
    const found = await shown(address).then(
      fingerprint => fingerprint === expected() ? undefined : 'the port shows another certificate than the one loaded',
      (error: Error) => error.message
    )
    // A dial that was begun before another certificate was loaded says nothing of that.
    if (mine === round) fault = found
  }

  return {
    start (at) {
      address = at
      timer = setInterval(() => { void dial() }, everyMs)
      void dial()
    },
    dial: () => { void dial() },
    get fault () { return fault },
    stop () { clearInterval(timer) }
  }
}

/** The fingerprint of the certificate at an address. */
function shown ({ host, port }: { host: string, port: number }): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ host: reachable(host), port, rejectUnauthorized: false, timeout: longestMs })
  socket.once('secureConnect', () => { resolve(socket.getPeerCertificate().fingerprint256) })
  socket.once('timeout', () => { reject(new Error(`no answer within ${longestMs} ms`)) })
  socket.on('error', reject)
  return promise.finally(() => { socket.destroy() })
}

function reachable (host: string): string {
  return host === '::' ? '::1' : host === '0.0.0.0' ? '127.0.0.1' : host
}
