// The credentials that the fake AWS knows: one fixed pair, and those it hands out for a while.
import { randomBytes } from 'node:crypto'

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  /** Milliseconds since 1970; absent for the fixed pair. */
  expires?: number
}

export interface IssuedCredentials extends Credentials {
  sessionToken: string
  expires: number
}

export interface Keyring {
  find (accessKeyId: string): Credentials | undefined
  /** New credentials that are good until `expires`. */
  issue (expires: number): IssuedCredentials
}

export function openKeyring (fixed: Credentials): Keyring {
  const known = new Map([[fixed.accessKeyId, fixed]])
  return {
    find: accessKeyId => known.get(accessKeyId),
    issue (expires) {
      const issued = {
        accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
        secretAccessKey: randomBytes(30).toString('base64'),
        sessionToken: randomBytes(120).toString('base64'),
        expires
      }
      known.set(issued.accessKeyId, issued)
      return issued
    }
  }
}
