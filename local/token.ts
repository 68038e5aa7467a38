// Signs ServiceAccount tokens with the plane's own key, as the API server would, for lifetimes it refuses to give.
import { randomUUID, sign } from 'node:crypto'

/** The issuer and audience that the API server of a plane is started with. */
export const tokenIssuer = 'https://kubernetes.default.svc'

export interface TokenClaims {
  namespace: string
  name: string
  uid: string
  /** May be negative. */
  expiresInSeconds: number
}

/**
 * A token for a ServiceAccount, from `now` (milliseconds) on: a JWT signed with ES256 (RFC 7518, section 3.4) with
 * the private claims of https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/.
 */
export function signToken (key: string, { namespace, name, uid, expiresInSeconds }: TokenClaims, now: number): string {
  const seconds = Math.floor(now / 1000)
  // One that expires at once must still have been good before.
  const issued = Math.min(seconds, seconds + expiresInSeconds - 60)
  const claims = {
    iss: tokenIssuer,
    aud: [tokenIssuer],
    sub: `system:serviceaccount:${namespace}:${name}`,
    jti: randomUUID(),
    iat: issued,
    nbf: issued,
    exp: seconds + expiresInSeconds,
    'kubernetes.io': { namespace, serviceaccount: { name, uid } }
  }
  const head = [{ alg: 'ES256', typ: 'JWT' }, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${head}.${sign('sha256', Buffer.from(head), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
