// Keeps the webhooks' certificates: the leader renews the Secret, every replica serves what is in it and publishes its authorities.
import type { V1OwnerReference } from '@kubernetes/client-node'
import { backoffMs } from '../cluster/backoff.ts'
import type { Client } from '../cluster/client.ts'
import { isConflict } from '../cluster/errors.ts'
import type { Logger } from '../cluster/logger.ts'
import { createReflector } from '../cluster/reflector.ts'
import { certificatesOf } from './authority.ts'
import type { CaBundle } from './ca-bundle.ts'
import { faultOf, isLeafValid, type Keyring, type Lifetimes, lifetimes as defaultLifetimes, nextKeyring } from './certificate-plan.ts'
import { projectSecret, type Stored, writeSecret } from './certificate-secret.ts'

export interface CertificateTimes {
  lifetimes?: Lifetimes
  /** Milliseconds between two looks at what is due (a minute): the wall clock may jump. */
  checkMs?: number
  /** How long every configuration must have carried a new authority before it signs: other API servers see that later (10 s). */
  settleMs?: number
  /** Wall clock, milliseconds since the epoch. */
  now?: () => number
}

export interface CertificatesOptions extends CertificateTimes {
  client: Client
  namespace: string
  secret: string
  /** DNS names and addresses the leaf is for. */
  names: string[]
  owner: () => Promise<V1OwnerReference | undefined>
  /** Whether this process may write. */
  isLeading: () => boolean
  /** Where the authorities are published. */
  caBundle: Pick<CaBundle, 'publish' | 'publishedForMs' | 'distrust'>
  /** Told of each keyring that is to be served. */
  onKeyring: (keyring: Keyring) => void
  log: Logger
}

export interface Certificates {
  start: () => void
  stop: () => Promise<void>
  /** Looks whether something is due or may be served: this process leads now, or a configuration has changed. */
  check: () => void
}

export function createCertificates (options: CertificatesOptions): Certificates {
  const { client, namespace, secret, names, owner, isLeading, caBundle, onKeyring, log } = options
  const { lifetimes = defaultLifetimes, checkMs = 60_000, settleMs = 10_000, now = Date.now } = options
  const key = `${namespace}/${secret}`
  let good: Keyring | undefined
  let served: Keyring | undefined
  let told: string | undefined
  let timer: NodeJS.Timeout | undefined
  let checking: Promise<void> | undefined
  let checkAgain = false
  let failures = 0
  let stopped = false

  const reflector = createReflector<Stored>({
    client,
    path: `/api/v1/namespaces/${namespace}/secrets`,
    query: { fieldSelector: `metadata.name=${secret}` },
    project: projectSecret,
    onChange ({ object }) {
      take(object?.keyring)
      check()
    },
    log
  })
  // Where there is none yet, no change tells.
  reflector.whenSynced().then(check, () => {})

  /** Keeps a sound keyring and publishes its authorities; of any other says once what is wrong with it. */
  function take (keyring: Keyring | undefined): void {
    const fault = keyring === undefined ? 'it is gone' : faultOf(keyring)
    if (keyring === undefined || fault !== undefined) {
      if (told !== fault) log.warn({ secret: key, fault }, 'certificates unusable: serving on with the last good ones until they are made anew')
      told = fault
      return
    }
    told = undefined
    good = keyring
    caBundle.publish(keyring.bundle)
  }

  /** Nobody is shown a certificate that an API server does not trust yet, unless there is nothing better. */
  function serve (): void {
    if (good === undefined || good === served) return
    const isTrusted = caBundle.distrust(certificatesOf(good.leaf.certificate)) === undefined
    if (served !== undefined && isLeafValid(served, now()) && !isTrusted) return
    served = good
    onKeyring(good)
  }

  function check (): void {
    if (stopped) return
    serve()
    if (checking !== undefined) {
      checkAgain = true
      return
    }
    checkAgain = false
    checking = renew().then(waitMs => { failures = 0; return waitMs }, failed).then(waitMs => {
      checking = undefined
      if (checkAgain) check()
      else schedule(waitMs)
    })
  }

  function failed (error: unknown): number {
    // Somebody else wrote it: the watch brings the news.
    if (isConflict(error)) return settleMs
    const waitMs = backoffMs(++failures, { baseMs: 500, maxMs: 30_000 }, Math.random)
    if (!stopped) log.error({ secret: key, waitMs: Math.round(waitMs), err: error }, 'certificates not renewed')
    return waitMs
  }

  function schedule (waitMs: number): void {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(check, waitMs)
  }

  /** Does what is due, and gives when to look again, in milliseconds. */
  async function renew (): Promise<number> {
    if (!isLeading() || !reflector.synced) return checkMs
    const stored = reflector.get(key)
    const { publishedForMs } = caBundle
    const published = publishedForMs !== undefined && publishedForMs >= settleMs
    const renewal = await nextKeyring(stored?.keyring, { names, published, lastGood: good, now: now(), lifetimes })
    if (renewal === undefined) return published || publishedForMs === undefined ? checkMs : Math.min(checkMs, settleMs - publishedForMs + 1)
    if (!isLeading()) return checkMs
    await writeSecret(client, { namespace, name: secret, owner: await owner() }, renewal.keyring, stored)
    log.info({ secret: key, why: renewal.why }, 'certificates renewed')
    return checkMs
  }

  return {
    start () { reflector.start() },
    async stop () {
      stopped = true
      clearTimeout(timer)
      await reflector.stop()
      await checking
    },
    check
  }
}
