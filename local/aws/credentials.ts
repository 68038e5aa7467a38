// Where a process gets temporary credentials from: STS for a web identity, and the container endpoint with its token.
import { randomBytes } from 'node:crypto'
import { type Answer, Refusal } from './answer.ts'
import type { Keyring } from './keyring.ts'
import { type AwsRequest, headerOf } from './request.ts'
import { type XmlElement, formatXml } from './xml.ts'

export const containerPath = '/v1/credentials'

const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/'

export interface WebIdentity {
  roleArn: string
  /** The content of the token file that is good for the role. */
  token: string
}

/**
 * AssumeRoleWithWebIdentity, which is not signed: the token is the proof.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
export function assumeRole (request: AwsRequest, identities: readonly WebIdentity[], keyring: Keyring, now: number): Answer {
  const form = new URLSearchParams(request.body.toString())
  const roleArn = form.get('RoleArn') ?? ''
  const session = form.get('RoleSessionName') ?? ''
  const role = /^arn:[a-z-]+:iam::(\d{12}):role\/([\w+=,.@/-]+)$/.exec(roleArn)
  if (role === null || !/^[\w+=,.@-]{2,64}$/.test(session)) throw new Refusal('ValidationError', 400, 'RoleArn or RoleSessionName is missing or malformed.')
  if (!identities.some(identity => identity.roleArn === roleArn)) throw new Refusal('AccessDenied', 403, 'Not authorized to perform sts:AssumeRoleWithWebIdentity')
  if (!identities.some(identity => identity.roleArn === roleArn && identity.token === form.get('WebIdentityToken'))) {
    throw new Refusal('InvalidIdentityToken', 400, 'No OpenIDConnect provider found in your account for this token.')
  }
  const lifeSeconds = Number(form.get('DurationSeconds') ?? 3600)
  if (!(lifeSeconds >= 900 && lifeSeconds <= 43_200)) throw new Refusal('ValidationError', 400, 'DurationSeconds must be between 900 and 43200.')
  const { accessKeyId, secretAccessKey, sessionToken, expires } = keyring.issue(now + lifeSeconds * 1000)
  const result: XmlElement[] = [
    ['Credentials', [
      ['AccessKeyId', accessKeyId], ['SecretAccessKey', secretAccessKey], ['SessionToken', sessionToken],
      ['Expiration', new Date(expires).toISOString()]
    ]],
    ['AssumedRoleUser', [['Arn', `arn:aws:sts::${role[1]}:assumed-role/${role[2]}/${session}`], ['AssumedRoleId', `AROA:${session}`]]]
  ]
  const metadata: XmlElement[] = [['RequestId', randomBytes(8).toString('hex')]]
  return xmlAnswer(200, 'AssumeRoleWithWebIdentityResponse', [['AssumeRoleWithWebIdentityResult', result], ['ResponseMetadata', metadata]])
}

export function refuseSts ({ code, status, message }: Refusal): Answer {
  return xmlAnswer(status, 'ErrorResponse', [['Error', [['Type', status < 500 ? 'Sender' : 'Receiver'], ['Code', code], ['Message', message]]]])
}

/**
 * What an agent beside the container answers: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 * @param token what the Authorization header must be
 */
export function containerCredentials (request: AwsRequest, token: string, keyring: Keyring, now: number): Answer {
  if (headerOf(request, 'authorization') !== token) throw new Refusal('AccessDenied', 401, 'The authorization token is not the one of this container.')
  const issued = keyring.issue(now + 3_600_000)
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      AccessKeyId: issued.accessKeyId,
      SecretAccessKey: issued.secretAccessKey,
      Token: issued.sessionToken,
      Expiration: new Date(issued.expires).toISOString()
    })
  }
}

export function refuseContainer ({ code, status, message }: Refusal): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code, message }) }
}

function xmlAnswer (status: number, root: string, content: XmlElement[]): Answer {
  return { status, headers: { 'content-type': 'text/xml' }, body: formatXml(root, content, stsNamespace) }
}
