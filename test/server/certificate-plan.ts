import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { issueLeaf, readPair } from '../../server/authority.ts'
import { certificatesOf, type Keyring, nextKeyring } from '../../server/certificate-plan.ts'

const hour = 3_600_000
const lifetimes = { authorityMs: 30 * hour, leafMs: 3 * hour }
const names = ['topicten.topicten-system.svc', '127.0.0.1']
const start = Date.parse('2026-01-01T00:00:00Z')
const next = (current: Keyring | undefined, at: number, published = true, wanted = names) =>
  nextKeyring(current, wanted, published, start + at, lifetimes)
const leafOf = ({ leaf }: Keyring) => readPair(leaf)!
const made = await next(undefined, 0)

t.test('from nothing an authority and a leaf for all names are made', async t => {
  const [authority] = certificatesOf(made.bundle)
  const leaf = leafOf(made)
  t.ok(leaf.checkIssued(authority!) && leaf.verify(authority!.publicKey))
  t.equal(leaf.checkHost('topicten.topicten-system.svc'), 'topicten.topicten-system.svc')
  t.equal(leaf.checkIP('127.0.0.1'), '127.0.0.1')
  t.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  t.equal(new Date(leaf.validFrom).getTime(), start - 600_000, 'good ten minutes back, for clocks that differ')
})

t.test('nothing is due before two thirds of the leaf\'s life', async t => {
  t.equal(await next(made, 0), made)
  t.equal(await next(made, 2 * hour - 1000), made)
})

t.test('at two thirds of its life the leaf is renewed under the same authority', async t => {
  const renewed = await next(made, 2 * hour)
  t.equal(renewed.bundle, made.bundle)
  t.equal(Date.parse(leafOf(renewed).validTo), start + 5 * hour)
})

t.test('a new authority is published first, what it signs is served after', async t => {
  const late = { ...made, leaf: await issueLeaf({ certificate: made.bundle, key: made.authorityKey }, names, start + 20 * hour, 3 * hour) }
  const overlapping = await next(late, 20 * hour)
  t.equal(certificatesOf(overlapping.bundle).length, 2, 'both are trusted')
  t.strictSame(overlapping.leaf, late.leaf, 'the old leaf is served still')
  t.equal(await next(overlapping, 20 * hour + 1000, false), overlapping, 'as long as it is not published')
  const changed = await next(overlapping, 20 * hour + 2000, true)
  t.ok(leafOf(changed).checkIssued(certificatesOf(changed.bundle)[0]!))
  t.equal(changed.bundle, overlapping.bundle)
})

const other = await next(undefined, 0)
const faults: Record<string, Keyring> = {
  'a leaf that is junk': { ...made, leaf: { certificate: 'junk', key: made.leaf.key } },
  'a key of another leaf': { ...made, leaf: { ...made.leaf, key: other.leaf.key } },
  'a leaf of another authority': { ...made, leaf: other.leaf },
  'no authority': { ...made, bundle: '', authorityKey: '' },
  'a bundle that is junk': { ...made, bundle: '-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----' },
  'a key of another authority': { ...made, authorityKey: other.authorityKey }
}
for (const [name, keyring] of Object.entries(faults)) {
  t.test(`${name} is made anew`, async t => {
    const mended = await next(keyring, 0)
    const authority = certificatesOf(mended.bundle)[0] as X509Certificate
    t.ok(leafOf(mended).checkIssued(authority) && leafOf(mended).verify(authority.publicKey))
    t.equal(await next(mended, 0), mended, 'and then left alone')
  })
}

t.test('a leaf that lacks a name, or has run out after a jump of the clock, is made anew', async t => {
  t.ok(leafOf(await next(made, 0, true, [...names, 'another.example.com'])).checkHost('another.example.com'))
  t.ok(Date.parse(leafOf(await next(made, 10 * hour)).validTo) > start + 10 * hour)
})
