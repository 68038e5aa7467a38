// Elects one leader among the processes that stand for the same Lease. It does not fence: a leader asks `isLeading` before each write,
// and each write carries a precondition.
import { createClaims } from './claim.ts'
import { electorSettings } from './elector-options.ts'
import type { Elector, ElectorOptions } from './elector-options.ts'
import { isConflict } from './errors.ts'
import { claimed, holderOf, isCurrent, nothingObserved, observe, projectLease, renewed, waitMs } from './lease.ts'
import type { Lease, OwnerReference } from './lease.ts'
import { createLeaseRequests } from './lease-requests.ts'
import { createReflector } from './reflector.ts'
import { createTerm } from './term.ts'
import type { Term } from './term.ts'

interface Held { readonly term: Term, lease: Lease }

export type { Elector, ElectorOptions, OwnerReference }

/** Throws a RangeError unless retry < renew deadline < lease duration. */
export function createElector (options: ElectorOptions): Elector {
  const settings = electorSettings(options)
  const { namespace, name, identity, leaseDurationMs, renewDeadlineMs, retryMs, jitterMs, now, wallClock, random, log } = settings
  const claim = createClaims(settings)
  const lease = `${namespace}/${name}`
  const requests = createLeaseRequests(options.client, namespace, name)
  const reflector = createReflector<Lease>({
    client: options.client,
    path: requests.path,
    query: requests.query,
    project: projectLease,
    // What a change means is decided by `see`, which also hears the answers to our own requests.
    onChange: ({ object }) => { see(object) },
    backoff: { baseMs: Math.min(250, retryMs), maxMs: retryMs },
    // A live leader is heard every two seconds: silence for so long is a dead leader or a dead connection.
    idleMs: leaseDurationMs,
    random,
    now,
    log
  })
  let observed = nothingObserved
  let held: Held | undefined
  let state: 'new' | 'standing' | 'stopped' = 'new'
  let timer: NodeJS.Timeout | undefined
  let step: Promise<void> | undefined
  let stepAgain = false

  /** A request may use up half of what is left, so that a silent connection leaves time for another. */
  const timeoutMs = (): number => Math.max(50, (held === undefined ? renewDeadlineMs : held.term.deadline - now()) / 2)

  function see (found: Lease | undefined): void {
    observed = observe(observed, found, identity, now())
    if (held === undefined) {
      // Also on each renewal of another, to move the timer on.
      if (step === undefined) schedule(waitMs(observed, identity, now(), leaseDurationMs) > 0 ? 0 : random() * jitterMs)
    } else if (found === undefined) {
      schedule(0)
    } else if (holderOf(found) !== identity && isCurrent(found, held.lease)) {
      held.term.lose(`taken by ${holderOf(found) ?? 'nobody'}`)
    }
  }

  function schedule (ms: number): void {
    clearTimeout(timer)
    if (state === 'standing') timer = setTimeout(run, ms)
  }

  /** One step at a time; each ends by scheduling the next. */
  function run (): void {
    if (step !== undefined) { stepAgain = true; return }
    step = (held?.term.isHeld() ? renew(held) : stand()).finally(() => {
      step = undefined
      if (stepAgain) schedule(0)
      stepAgain = false
    })
  }

  async function stand (): Promise<void> {
    const wait = waitMs(observed, identity, now(), leaseDurationMs)
    if (wait > 0) { schedule(wait + random() * jitterMs); return }
    try {
      const found = observed.lease
      const wanted = await claim(found)
      const startedAt = now()
      const taken = found === undefined
        ? await requests.create(wanted, timeoutMs())
        : await requests.put(claimed(found, wanted), timeoutMs())
      see(taken)
      lead(taken, startedAt)
    } catch (err) {
      if (isConflict(err)) { await lookAgain(); return }
      log.warn({ lease, err }, 'lease not taken')
      schedule(retryMs * (0.5 + random() / 2))
    }
  }

  /** Someone was faster: look who, without waiting for the watch. */
  async function lookAgain (): Promise<void> {
    try {
      see(await requests.get(timeoutMs()))
      schedule(Math.max(random() * jitterMs, waitMs(observed, identity, now(), leaseDurationMs)))
    } catch (err) {
      log.warn({ lease, err }, 'lease not read')
      schedule(retryMs)
    }
  }

  function lead (taken: Lease, startedAt: number): void {
    // The answer came so late that the lease may be gone again: it names us, so it is taken anew at once.
    if (state !== 'standing' || now() >= startedAt + renewDeadlineMs) { schedule(0); return }
    const term = createTerm(startedAt, { renewDeadlineMs, now, onLost })
    held = { term, lease: taken }
    log.info({ lease, identity, transitions: taken.spec.leaseTransitions }, 'leading')
    schedule(retryMs)
    tell(() => options.onLeading(term.signal), 'leading not handled')
  }

  function onLost (why: string): void {
    held = undefined
    log.warn({ lease, identity, why }, 'no longer leading')
    schedule(0)
    tell(() => options.onLost?.(), 'loss not handled')
  }

  const isLeading = (): boolean => held?.term.isHeld() ?? false

  function tell (listener: () => void, otherwise: string): void {
    try {
      listener()
    } catch (err) {
      log.error({ lease, err }, otherwise)
    }
  }

  async function renew (current: Held): Promise<void> {
    const startedAt = now()
    try {
      renewedBy(current, await requests.put(renewed(current.lease, wallClock()), timeoutMs()), startedAt)
    } catch (err) {
      if (isConflict(err)) { await defend(current); return }
      log.warn({ lease, err }, 'lease not renewed')
      schedule(Math.max(0, retryMs - (now() - startedAt)))
    }
  }

  function renewedBy (current: Held, answer: Lease, startedAt: number): void {
    current.lease = answer
    current.term.extend(startedAt)
    see(answer)
    // Lost meanwhile: the lease names us, so it may be taken anew.
    schedule(current.term.isHeld() ? Math.max(0, retryMs - (now() - startedAt)) : 0)
  }

  /** The lease is not as we left it: touched, deleted, or taken. */
  async function defend (current: Held): Promise<void> {
    try {
      const found = await requests.get(timeoutMs())
      // After the term its rights are gone as well: stand like any other.
      if (!current.term.isHeld()) { schedule(0); return }
      if (found === undefined) {
        const wanted = await claim(undefined)
        const startedAt = now()
        renewedBy(current, await requests.create(wanted, timeoutMs()), startedAt)
      } else {
        current.lease = found
        see(found)
        schedule(0)
      }
    } catch (err) {
      log.warn({ lease, err }, 'lease not renewed')
      schedule(isConflict(err) ? 0 : retryMs)
    }
  }

  async function release (last: Lease): Promise<void> {
    try {
      await requests.release(last, wallClock(), retryMs)
      log.info({ lease, identity }, 'lease released')
    } catch (err) {
      log.warn({ lease, err }, 'lease not released')
    }
  }

  return {
    start () {
      if (state !== 'new') return
      state = 'standing'
      reflector.start()
      reflector.whenSynced().then(() => { if (observed === nothingObserved) schedule(0) }, () => {})
    },
    async stop () {
      state = 'stopped'
      clearTimeout(timer)
      const stopped = reflector.stop()
      await step
      const last = held?.lease ?? observed.lease
      held?.term.end()
      held = undefined
      if (last !== undefined && holderOf(last) === identity) await release(last)
      await stopped
    },
    get leading () { return isLeading() },
    isLeading,
    get leader () { return holderOf(observed.lease) },
    get transitions () { return observed.lease?.spec.leaseTransitions ?? 0 }
  }
}
