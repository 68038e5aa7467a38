import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import t from 'tap'
import type { Test } from 'tap'
import { createClient } from '../../cluster/client.ts'
import { loadClusterConfig } from '../../cluster/config.ts'
import { createElector } from '../../cluster/elector.ts'
import type { Elector, ElectorOptions } from '../../cluster/elector.ts'
import type { Lease } from '../../cluster/lease.ts'
import { namespace, sharedControlPlane } from '../fixtures/control-plane.ts'
import { startFaultProxy } from '../fixtures/fault-proxy.ts'
import type { Match } from '../fixtures/fault-proxy.ts'
import { keepLog } from '../fixtures/log.ts'

const plane = await sharedControlPlane(t)
const ns = await namespace(t, plane)
const admin = clientAt(t, plane.kubeconfig)

function clientAt (t: Test, kubeconfig: string) {
  const client = createClient(loadClusterConfig({ kubeconfig }), { timeoutMs: 10_000 })
  t.teardown(() => client.close())
  return client
}

const put: Match = ({ method }) => method === 'PUT'

/** Everything that happens around one lease. */
function election (t: Test) {
  const name = `lease-${randomBytes(4).toString('hex')}`
  const path = `/apis/coordination.k8s.io/v1/namespaces/${ns}/leases/${name}`
  const history: string[] = []
  const leading = new Set<string>()
  const waiting = new Map<string, PromiseWithResolvers<void>>()
  let most = 0

  function happened (what: string): void {
    history.push(what)
    waiting.get(what)?.resolve()
    waiting.delete(what)
  }

  /** Resolves when this happens next. */
  function next (what: string): Promise<void> {
    const found = waiting.get(what) ?? Promise.withResolvers<void>()
    waiting.set(what, found)
    return found.promise
  }

  function stand (identity: string, options: Partial<ElectorOptions> = {}): Elector & { log: ReturnType<typeof keepLog> } {
    const log = keepLog()
    const elector = createElector({
      client: admin,
      namespace: ns,
      name,
      identity,
      leaseDurationMs: 4000,
      renewDeadlineMs: 3000,
      retryMs: 200,
      log,
      onLeading: signal => {
        leading.add(identity)
        most = Math.max(most, leading.size)
        signal.addEventListener('abort', () => {
          leading.delete(identity)
          happened(`${identity} ends`)
        })
        happened(`${identity} leads`)
      },
      onLost: () => { happened(`${identity} lost`) },
      ...options
    })
    t.teardown(() => elector.stop())
    return Object.assign(elector, { log })
  }

  return { name, path, history, next, stand, mostAtOnce: () => most, lease: () => admin.get<Lease>(path) }
}

t.test('of two candidates one leads, and a clean stop hands over at once', async t => {
  const { stand, next, history, lease, mostAtOnce } = election(t)
  // One that exists: the lease of an owner that does not is collected at once.
  const { metadata: { uid } } = await admin.get<{ metadata: { uid: string } }>(`/api/v1/namespaces/${ns}/serviceaccounts/default`)
  const owner = { apiVersion: 'v1', kind: 'ServiceAccount', name: 'default', uid }
  const [a, b] = [stand('a', { owner: async () => owner }), stand('b')]
  const first = next('a leads')
  a.start()
  await first
  b.start()
  t.strictSame((await lease()).metadata.ownerReferences, [owner])
  const second = next('b leads')
  const stoppedAt = performance.now()
  await a.stop()
  await second
  t.ok(performance.now() - stoppedAt < 2000, 'long before the lease would have expired')
  t.strictSame([history, mostAtOnce()], [['a leads', 'a ends', 'b leads'], 1])
  t.strictSame([a.leading, b.leading, b.isLeading(), b.leader, b.transitions], [false, true, true, 'b', 1])
  t.match((await lease()).spec, { holderIdentity: 'b', leaseDurationSeconds: 4, leaseTransitions: 1, renewTime: /\.\d{6}Z$/ })
})

t.test('candidates that start together agree on one', async t => {
  const { stand, mostAtOnce, history, next } = election(t)
  const names = ['a', 'b', 'c', 'd']
  const leads = Promise.race(names.map(name => next(`${name} leads`)))
  const electors = names.map(name => stand(name))
  for (const elector of electors) elector.start()
  await leads
  const leader = electors.find(elector => elector.leading)!
  const changed = Promise.race(names.map(name => next(`${name} leads`)))
  await leader.stop()
  await changed
  t.strictSame([mostAtOnce(), history.length], [1, 3])
})

t.test('a leader cut off ends before the other begins, and stands again', async t => {
  const { stand, next, history, mostAtOnce } = election(t)
  const proxy = await startFaultProxy(t, plane)
  const a = stand('a', { client: clientAt(t, await proxy.kubeconfig(plane.kubeconfig)) })
  const b = stand('b')
  const first = next('a leads')
  a.start()
  await first
  b.start()
  const second = next('b leads')
  proxy.hang()
  await second
  t.strictSame([history, mostAtOnce(), a.leading], [['a leads', 'a ends', 'a lost', 'b leads'], 1, false])
  proxy.mend()
  const third = next('a leads')
  await b.stop()
  await third
  t.equal(mostAtOnce(), 1)
})

t.test('errors shorter than the renew deadline cost nothing', async t => {
  const { stand, next, history } = election(t)
  const proxy = await startFaultProxy(t, plane)
  const a = stand('a', { client: clientAt(t, await proxy.kubeconfig(plane.kubeconfig)) })
  const first = next('a leads')
  a.start()
  await first
  proxy.refuse(put, { status: 500, times: 3 })
  await renewals(proxy.count, 6)
  t.strictSame([history, a.leading], [['a leads'], true])
})

t.test('a renewal whose answer is lost is found out', async t => {
  const { stand, next, history, lease } = election(t)
  const proxy = await startFaultProxy(t, plane)
  const a = stand('a', { client: clientAt(t, await proxy.kubeconfig(plane.kubeconfig)) })
  const first = next('a leads')
  a.start()
  await first
  proxy.swallow(put)
  await renewals(proxy.count, 4)
  t.strictSame([history, a.leading], [['a leads'], true])
  proxy.swallow(put)
  await renewals(proxy.count, 1)
  await a.stop()
  t.equal((await lease()).spec.holderIdentity, '')
})

/** Resolves after so many more renewals. */
async function renewals (count: (match: Match) => number, more: number): Promise<void> {
  const goal = count(put) + more
  while (count(put) < goal) await new Promise(resolve => setTimeout(resolve, 20))
}

t.test('a lease deleted under its leader is made anew by it', async t => {
  const { stand, next, history, lease, path, mostAtOnce } = election(t)
  const [a, b] = [stand('a'), stand('b')]
  const first = next('a leads')
  a.start()
  await first
  b.start()
  while (b.leader !== 'a') await new Promise(resolve => setTimeout(resolve, 20))
  await admin.request('DELETE', path)
  while (true) {
    const found = await lease().catch(() => undefined)
    if (found?.spec.holderIdentity === 'a') break
  }
  t.strictSame([history, a.leading, b.leading, mostAtOnce()], [['a leads'], true, false, 1])
})

t.test('a lease touched by hand stays its leader\'s, touch and all', async t => {
  const { stand, next, history, lease, path } = election(t)
  const a = stand('a')
  const first = next('a leads')
  a.start()
  await first
  const before = await admin.request<Lease>('PATCH', path, { contentType: 'application/merge-patch+json', body: { metadata: { labels: { x: 'y' } } } })
  let after = before
  while (after.spec.renewTime === before.spec.renewTime) after = await lease()
  t.strictSame([history, a.leading], [['a leads'], true])
  t.match(after.metadata, { labels: { x: 'y' } })
})

t.test('a lease taken by force ends the term at once', async t => {
  const { stand, next, history, path } = election(t)
  const a = stand('a')
  const first = next('a leads')
  a.start()
  await first
  const lost = next('a lost')
  const back = next('a leads')
  const spec = { holderIdentity: 'thief', leaseDurationSeconds: 1, leaseTransitions: 7 }
  await admin.request('PATCH', path, { contentType: 'application/merge-patch+json', body: { spec } })
  await lost
  t.strictSame([a.leading, a.leader], [false, 'thief'])
  await back
  t.strictSame([history, a.transitions], [['a leads', 'a ends', 'a lost', 'a leads'], 8])
})

t.test('a process that was stopped too long knows before it does anything', async t => {
  const { stand, next, history } = election(t)
  let stoppedMs = 0
  const a = stand('a', { now: () => performance.now() + stoppedMs })
  const first = next('a leads')
  a.start()
  await first
  t.ok(a.isLeading())
  const again = next('a leads')
  stoppedMs = 60_000
  t.notOk(a.isLeading())
  t.strictSame(history, ['a leads', 'a ends', 'a lost'])
  await again
  t.ok(a.isLeading())
})

t.test('one that comes back under its old name need not wait', async t => {
  const { stand, next, lease, path } = election(t)
  const long = { leaseDurationMs: 3_600_000 }
  const a = stand('a', long)
  const first = next('a leads')
  a.start()
  await first
  await a.stop()
  const { metadata: { resourceVersion } } = await lease()
  await admin.request('PATCH', path, {
    contentType: 'application/merge-patch+json',
    body: { metadata: { resourceVersion }, spec: { holderIdentity: 'a', leaseDurationSeconds: 3600 } }
  })
  const again = next('a leads')
  const second = stand('a', long)
  second.start()
  await again
  t.equal(second.transitions, 0)
})

t.test('a candidate waits out an API server that is away', async t => {
  const { stand, next } = election(t)
  const proxy = await startFaultProxy(t, plane)
  proxy.refuse(({ method }) => method === 'PATCH', { status: 503, retryAfterSeconds: 1, times: 2 })
  proxy.cut()
  const a = stand('a', { client: clientAt(t, await proxy.kubeconfig(plane.kubeconfig)) })
  const first = next('a leads')
  a.start()
  while (a.log.lines.length < 2) await new Promise(resolve => setTimeout(resolve, 20))
  proxy.mend()
  await first
  t.ok(a.log.lines.some(({ message }) => message === 'lease not taken'))
})

t.test('an owner that cannot be asked for does not hold up the lead', async t => {
  const { stand, next, lease } = election(t)
  const a = stand('a', { owner: async () => { throw new Error('forbidden') } })
  const first = next('a leads')
  a.start()
  await first
  t.equal((await lease()).metadata.ownerReferences, undefined)
  t.ok(a.log.lines.some(({ message }) => message === 'owner of the lease not known'))
})

t.test('throws of the listeners are logged', async t => {
  const { stand, path } = election(t)
  const called = Promise.withResolvers<AbortSignal>()
  const a = stand('a', {
    onLeading: signal => {
      called.resolve(signal)
      throw new Error('onLeading')
    },
    onLost: () => { throw new Error('onLost') }
  })
  a.start()
  const signal = await called.promise
  const aborted = once(signal, 'abort')
  await admin.request('PATCH', path, { contentType: 'application/merge-patch+json', body: { spec: { holderIdentity: 'thief' } } })
  await aborted
  t.strictSame(a.log.lines.filter(({ level }) => level === 'error').map(({ message }) => message), ['leading not handled', 'loss not handled'])
})

t.test('a candidate that stops leaves the lease alone', async t => {
  const { stand, next, lease } = election(t)
  const [a, b] = [stand('a'), stand('b')]
  const first = next('a leads')
  a.start()
  await first
  b.start()
  await b.stop()
  b.start()
  t.equal((await lease()).spec.holderIdentity, 'a')
})

t.test('timings that would let two lead are refused', async t => {
  const { stand } = election(t)
  t.throws(() => stand('a', { renewDeadlineMs: 4000 }), RangeError)
  t.throws(() => stand('a', { retryMs: 3000 }), RangeError)
})
