// What a service of the fake AWS gives back to one call: an answer, or a refusal with the code that AWS has for it.

export type ServiceName = 'kms' | 's3' | 'dynamodb' | 'logs' | 'sts' | 'container'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string | Buffer
}

export interface RefusalParts {
  headers?: Record<string, string>
  /** More members of the error's body. */
  members?: Record<string, unknown>
}

/** Says no to a call, in AWS's words. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string
  readonly status: number
  readonly headers: Record<string, string>
  readonly members: Record<string, unknown>

  constructor (code: string, status: number, message: string, { headers = {}, members = {} }: RefusalParts = {}) {
    super(message)
    this.code = code
    this.status = status
    this.headers = headers
    this.members = members
  }
}
