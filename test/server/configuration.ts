import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { applyPatch, type Operation } from 'rfc6902'
import { issueAuthority, issueLeaf, type Pair } from '../../server/authority.ts'
import { distrustOf, needsBundle, patchFor, webhooksOf } from '../../server/configuration.ts'

const now = Date.now()
const [ours, other] = await Promise.all([1, 2].map(each => issueAuthority(now + each, 3_600_000))) as [Pair, Pair]
const leaf = new X509Certificate((await issueLeaf(ours, ['127.0.0.1'], now, 3_600_000)).certificate)
const bundle = `${ours.certificate.trim()}\n`
const both = `${other.certificate.trim()}\n${bundle}`

const encode = (pem: string) => Buffer.from(pem).toString('base64')
const objectOf = (...bundles: (string | undefined)[]) => ({
  webhooks: bundles.map((pem, index) => ({
    name: `w${index}`, clientConfig: { url: 'https://127.0.0.1', ...(pem === undefined ? {} : { caBundle: encode(pem) }) }
  }))
})
const configurationOf = (...bundles: (string | undefined)[]) => ({ path: '/apis/x/v1/kinds/name', webhooks: webhooksOf(objectOf(...bundles)) })

const cases: Record<string, [string | undefined, { follower: boolean, leader: boolean, trusted: boolean }]> = {
  'no bundle': [undefined, { follower: true, leader: true, trusted: false }],
  'our bundle': [bundle, { follower: false, leader: false, trusted: true }],
  'our bundle and more': [both, { follower: false, leader: true, trusted: true }],
  'another bundle': [other.certificate, { follower: true, leader: true, trusted: false }],
  junk: ['junk', { follower: true, leader: true, trusted: false }],
  'our bundle and junk': [`${bundle}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`, { follower: true, leader: true, trusted: false }]
}
for (const [name, [found, { follower, leader, trusted }]] of Object.entries(cases)) {
  t.test(`a configuration with ${name} is ${trusted ? '' : 'not '}trusted, written by ${follower ? 'all' : leader ? 'the leader' : 'none'}`, async t => {
    const configuration = configurationOf(bundle, found)
    t.equal(needsBundle(configuration, bundle, false), follower)
    t.equal(needsBundle(configuration, bundle, true), leader)
    t.equal(distrustOf([configuration], [leaf]), trusted ? undefined : 'kinds/name: w1 does not carry the authority of our certificate')
  })
}

t.test('the patch writes the bundle where it differs and nothing else', async t => {
  const object = objectOf(undefined, bundle, other.certificate)
  const patch = patchFor(configurationOf(undefined, bundle, other.certificate), bundle) as Operation[]
  t.strictSame(applyPatch(object, patch), [null, null, null, null])
  t.strictSame(object, objectOf(bundle, bundle, bundle))
})

t.test('the patch is refused where webhooks were renamed or reordered meanwhile', async t => {
  const object = objectOf(undefined)
  object.webhooks[0]!.name = 'renamed'
  t.match(applyPatch(object, patchFor(configurationOf(undefined), bundle) as Operation[])[0], { name: 'TestError' })
})

t.test('a configuration without webhooks wants nothing', async t => {
  const configuration = { path: '/a/b/c', webhooks: webhooksOf({}) }
  t.equal(needsBundle(configuration, bundle, true), false)
  t.equal(distrustOf([configuration], [leaf]), undefined)
})
