import t from 'tap'
import { claimed, holderOf, isCurrent, nothingObserved, observe, projectLease, released, renewed, waitMs } from '../../cluster/lease.ts'
import type { Lease, LeaseSpec, Observation } from '../../cluster/lease.ts'

const leaseOf = (version: string, spec: LeaseSpec): Lease => ({ metadata: { name: 'l', resourceVersion: version }, spec })
const heldBy = (holderIdentity: string, version = '5', renewTime = '1'): Lease => leaseOf(version, { holderIdentity, leaseDurationSeconds: 15, renewTime })
const seenAt = (changedAt: number, lease: Lease | undefined, boundUntil = 0): Observation => ({ lease, changedAt, boundUntil })

const waits: Record<string, [Observation, number]> = {
  'nothing was ever seen': [nothingObserved, -20_000],
  'another holds it': [seenAt(10_000, heldBy('b')), 5000],
  'another held it until just now': [seenAt(5000, heldBy('b')), 0],
  'another held it long ago': [seenAt(1000, heldBy('b')), -4000],
  'its renewal lies in the future by its own clock': [seenAt(10_000, heldBy('b', '5', '2999-01-01T00:00:00.000000Z')), 5000],
  'it names us': [seenAt(19_000, heldBy('a')), 0],
  'it was released': [seenAt(19_000, heldBy('')), 0],
  'it names a holder and no duration': [seenAt(19_000, leaseOf('1', { holderIdentity: 'b' })), 14_000],
  'it vanished while another held it': [seenAt(19_000, undefined, 25_000), 5000]
}
for (const [name, [observation, ms]] of Object.entries(waits)) {
  t.test(`where ${name} the wait is ${ms} ms`, async t => t.equal(waitMs(observation, 'a', 20_000, 15_000), ms))
}

const sights: Record<string, [Observation, Lease | undefined, Observation]> = {
  'a first sight counts from now': [nothingObserved, heldBy('b'), seenAt(9000, heldBy('b'))],
  'a renewal counts from now': [seenAt(1000, heldBy('b')), heldBy('b', '6', '2'), seenAt(9000, heldBy('b', '6', '2'))],
  'a touch that leaves the spec alone is no sign of life': [seenAt(1000, heldBy('b')), heldBy('b', '6'), seenAt(1000, heldBy('b', '6'))],
  'an older version is not believed': [seenAt(1000, heldBy('b', '10')), heldBy('c', '9'), seenAt(1000, heldBy('b', '10'))],
  'one deleted under its holder binds until it would have expired': [seenAt(1000, heldBy('b')), undefined, seenAt(9000, undefined, 16_000)],
  'one deleted after release binds nobody': [seenAt(1000, heldBy('')), undefined, seenAt(9000, undefined)],
  'one deleted under ourselves does not bind us': [seenAt(1000, heldBy('a')), undefined, seenAt(9000, undefined)]
}
for (const [name, [known, found, expected]] of Object.entries(sights)) {
  t.test(name, async t => t.strictSame(observe(known, found, 'a', 9000), expected))
}

t.test('versions compare as numbers of any length', async t => {
  const pairs: [string, string, boolean][] = [['9', '10', false], ['10', '9', true], ['10', '10', true], ['99999999999999999999', '99999999999999999998', true]]
  for (const [found, known, expected] of pairs) t.equal(isCurrent(leaseOf(found, {}), leaseOf(known, {})), expected, `${found} after ${known}`)
  t.ok(isCurrent(leaseOf('1', {}), undefined))
})

const date = new Date('2026-01-02T03:04:05.678Z')
const now = '2026-01-02T03:04:05.678000Z'
const owner = { apiVersion: 'v1', kind: 'ServiceAccount', name: 'sa', uid: 'u' }

t.test('a claim of the lease of another counts a transition and rounds the duration up', async t => {
  const lease = claimed({ ...heldBy('b'), spec: { holderIdentity: 'b', leaseTransitions: 2 } }, { identity: 'a', durationMs: 1500, owner, date })
  t.strictSame(lease.spec, { holderIdentity: 'a', leaseTransitions: 3, leaseDurationSeconds: 2, acquireTime: now, renewTime: now })
  t.strictSame(lease.metadata.ownerReferences, [owner])
})

t.test('a claim of our own lease counts none and leaves its owner alone', async t => {
  const mine = heldBy('a')
  const other = { ...owner, uid: 'v' }
  const lease = claimed({ ...mine, metadata: { ...mine.metadata, ownerReferences: [other] } }, { identity: 'a', durationMs: 15_000, owner, date })
  t.strictSame([lease.spec.leaseTransitions, lease.metadata.ownerReferences], [0, [other]])
  t.equal(claimed(mine, { identity: 'a', durationMs: 15_000, owner: undefined, date }).metadata.ownerReferences, undefined)
})

t.test('a renewal changes nothing but its time', async t => t.strictSame(renewed(heldBy('a'), date), heldBy('a', '5', now)))

t.test('a released lease is of nobody and expires soon', async t => {
  const lease = released(heldBy('a'), date)
  t.strictSame(lease.spec, { holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now })
  t.equal(holderOf(lease), undefined)
})

t.test('a lease without a spec is kept as one, its managed fields are not', async t => {
  const found = { apiVersion: 'v1', metadata: { name: 'l', managedFields: [] } }
  t.strictSame(projectLease(found), { apiVersion: 'v1', metadata: { name: 'l' }, spec: {} })
})
