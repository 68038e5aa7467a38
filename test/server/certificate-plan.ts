import t from 'tap'
import { certificatesOf, issueLeaf, readPair } from '../../server/authority.ts'
import { type Circumstances, type Keyring, nextKeyring } from '../../server/certificate-plan.ts'

const hour = 3_600_000
const lifetimes = { authorityMs: 30 * hour, leafMs: 3 * hour, overlapMs: hour }
const names = ['topicten.topicten-system.svc', '127.0.0.1']
const start = Date.parse('2026-01-01T00:00:00Z')
/** The keyring after a look at what is due: the same one when nothing is. */
async function next (current: Keyring | undefined, at: number, rest: Partial<Circumstances> = {}): Promise<Keyring> {
  const renewal = await nextKeyring(current, { names, published: true, lastGood: current, now: start + at, lifetimes, ...rest })
  return renewal?.keyring ?? current!
}
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
  t.equal(await next(overlapping, 20 * hour + 1000, { published: false }), overlapping, 'as long as it is not published')
  const changed = await next(overlapping, 20 * hour + 2000)
  t.ok(leafOf(changed).checkIssued(certificatesOf(changed.bundle)[0]!))
  t.equal(changed.bundle, overlapping.bundle)
  t.equal(await next(changed, 20.9 * hour), changed)
  t.equal((await next(changed, 21.1 * hour)).bundle, `${certificatesOf(changed.bundle)[0]}`, 'after an hour of overlap it is trusted alone')
})

const other = await next(undefined, 0)
const faults: Record<string, [Keyring | undefined, string]> = {
  'a Secret that is gone': [undefined, 'there is none'],
  'a leaf that is junk': [{ ...made, leaf: { certificate: 'junk', key: made.leaf.key } }, 'tls.crt and tls.key are no pair'],
  'a key of another leaf': [{ ...made, leaf: { ...made.leaf, key: other.leaf.key } }, 'tls.crt and tls.key are no pair'],
  'a leaf of another authority': [{ ...made, leaf: other.leaf }, 'tls.crt is not signed by an authority of ca.crt'],
  'no authority': [{ ...made, bundle: '', authorityKey: '' }, 'ca.crt holds no certificate'],
  'a bundle that is junk': [{ ...made, bundle: '-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----' }, 'ca.crt cannot be read'],
  'a key of another authority': [{ ...made, authorityKey: other.authorityKey }, 'ca.key is not the key of the first certificate of ca.crt']
}
for (const [name, [keyring, why]] of Object.entries(faults)) {
  t.test(`${name} begins a new authority beside the last good one, whose leaf is served on`, async t => {
    const renewal = await nextKeyring(keyring, { names, published: true, lastGood: made, now: start, lifetimes })
    t.equal(renewal?.why, why)
    const mended = renewal!.keyring
    t.strictSame(mended.leaf, made.leaf)
    t.equal(certificatesOf(mended.bundle)[1]!.fingerprint256, certificatesOf(made.bundle)[0]!.fingerprint256)
    t.equal(await next(mended, 0, { published: false }), mended, 'until that is published')
    const settled = await next(mended, 0)
    t.ok(leafOf(settled).checkIssued(certificatesOf(settled.bundle)[0]!))
    t.equal(await next(settled, 0), settled, 'and then it is left alone')
  })

  t.test(`${name} is made anew whole where nothing better is known`, async t => {
    const mended = await next(keyring, 0, { lastGood: undefined })
    t.equal(certificatesOf(mended.bundle).length, 1)
    t.ok(leafOf(mended).checkIssued(certificatesOf(mended.bundle)[0]!))
    t.equal(await next(mended, 0), mended)
  })
}

t.test('a leaf that lacks a name is made anew', async t => {
  const renewed = await next(made, 0, { names: [...names, 'another.example.com'] })
  t.ok(leafOf(renewed).checkHost('another.example.com'))
  t.equal(renewed.bundle, made.bundle)
})

for (const [jump, at] of Object.entries({ 'past the leaf\'s end': 10 * hour, 'past the authority\'s end': 40 * hour, 'before its beginning': -hour })) {
  t.test(`after the clock has jumped ${jump} all that is served is valid`, async t => {
    const renewed = await next(made, at, { published: false })
    const now = start + at
    for (const { validFrom, validTo } of [leafOf(renewed), certificatesOf(renewed.bundle)[0]!]) {
      t.ok(Date.parse(validFrom) <= now && now < Date.parse(validTo))
    }
    t.equal(await next(renewed, at, { published: false }), renewed, 'and left alone')
  })
}

t.test('authorities that follow each other faster than they are published do not pile up', async t => {
  let keyring = made
  for (let round = 1; round <= 6; round++) keyring = await next({ ...keyring, authorityKey: 'junk' }, round, { lastGood: keyring, published: false })
  t.equal(certificatesOf(keyring.bundle).length, 4)
})
