import { generateKeyPairSync, verify } from 'node:crypto'
import t from 'tap'
import { signToken } from '../../local/token.ts'

const now = 1_700_000_000_999
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = privateKey.export({ type: 'sec1', format: 'pem' }).toString()

for (const [expiresInSeconds, iat, exp] of [[300, 1_700_000_000, 1_700_000_300], [-61, 1_699_999_879, 1_699_999_939]] as const) {
  await t.test(`a token for ${expiresInSeconds} seconds was issued before it expires, and its signature holds`, async t => {
    const [head = '', claims = '', signature = ''] = signToken(key, { namespace: 'ns', name: 'sa', uid: 'u', expiresInSeconds }, now).split('.')
    t.match(JSON.parse(Buffer.from(claims, 'base64url').toString()), {
      sub: 'system:serviceaccount:ns:sa', iat, nbf: iat, exp, 'kubernetes.io': { namespace: 'ns', serviceaccount: { name: 'sa', uid: 'u' } }
    })
    t.ok(verify('sha256', Buffer.from(`${head}.${claims}`), { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')))
  })
}
