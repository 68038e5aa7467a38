// Reads the webhooks' certificate from files that somebody else renews, cert-manager for one.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../cluster/logger.ts'
import { type Pair, readPair } from './authority.ts'

export interface CertificateFiles {
  /** Resolves when the files were looked at once. */
  start: () => Promise<void>
  stop: () => void
}

/**
 * Tells of each pair that differs from the one before. Where the files are no pair, half of a new one among them, the last good one
 * stays, and one line says why. A mounted folder is swapped by links, of which no file event tells reliably: so they are read anew
 * each `checkMs`.
 */
export function createCertificateFiles (
  { dir, checkMs, onPair, log }: { dir: string, checkMs: number, onPair: (pair: Pair) => void, log: Logger }
): CertificateFiles {
  const ended = new AbortController()
  let last: Pair | undefined
  let told: string | undefined

  async function look (): Promise<void> {
    try {
      const [certificate, key] = await Promise.all(['tls.crt', 'tls.key'].map(name => readFile(join(dir, name), 'utf8')))
      const pair = { certificate: certificate ?? '', key: key ?? '' }
      if (last?.certificate === pair.certificate && last.key === pair.key) return
      if (readPair(pair) === undefined) throw new Error('tls.crt and tls.key are no pair of a certificate and its key, both PEM')
      last = pair
      told = undefined
      onPair(pair)
    } catch (error) {
      const { message } = error as Error
      if (told !== message) log.warn({ dir, err: error }, 'certificate files unusable: serving on with the last good ones')
      told = message
    }
  }

  async function poll (): Promise<void> {
    const { signal } = ended
    while (!signal.aborted) {
      await delay(checkMs, undefined, { signal }).catch(() => {})
      if (!signal.aborted) await look()
    }
  }

  return {
    async start () {
      await look()
      void poll()
    },
    stop () { ended.abort() }
  }
}
