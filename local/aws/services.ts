// All services of one fake AWS: which of them a request is for, and how each answers and refuses.
import { type Answer, Refusal, type ServiceName } from './answer.ts'
import { assumeRole, containerCredentials, containerPath, refuseContainer, refuseSts, type WebIdentity } from './credentials.ts'
import { openDynamodb, type TableStore } from './dynamodb.ts'
import { answerJson, refuseJson, type Call, type JsonService } from './json-service.ts'
import type { Keyring } from './keyring.ts'
import { openKms, type KeyStore } from './kms.ts'
import { openLogs, type LogGroupStore } from './logs.ts'
import { headerOf, type AwsRequest } from './request.ts'
import { openS3, operationOf, refuseS3, type BucketStore, type S3Operation } from './s3.ts'

export interface Route { service: ServiceName, operation: string }

export interface Service {
  /** False when the request proves itself otherwise. */
  signed: boolean
  /** Throws Refusal. */
  answer (request: AwsRequest, operation: string, call: Call): Answer
  refuse (request: AwsRequest, refusal: Refusal): Answer
}

export interface ServiceOptions {
  keyring: Keyring
  containerToken: string
  identities: readonly WebIdentity[]
}

export interface Services {
  kms: KeyStore
  s3: BucketStore
  dynamodb: TableStore
  logs: LogGroupStore
  /** Which service and operation a request is for. */
  route (request: AwsRequest): Route
  byName: Readonly<Record<ServiceName, Service>>
}

export function openServices ({ keyring, containerToken, identities }: ServiceOptions): Services {
  const [kms, s3, dynamodb, logs] = [openKms(), openS3(), openDynamodb(), openLogs()]
  return {
    kms,
    s3,
    dynamodb,
    logs,
    route: request => routeOf(request, [kms.service, dynamodb.service, logs.service]),
    byName: {
      kms: jsonService(kms.service),
      dynamodb: jsonService(dynamodb.service),
      logs: jsonService(logs.service),
      s3: { signed: true, answer: (request, operation, call) => s3.answer(request, operation as S3Operation, call), refuse: refuseS3 },
      sts: {
        signed: false,
        answer: (request, _, { now }) => assumeRole(request, identities, keyring, now),
        refuse: (_, refusal) => refuseSts(refusal)
      },
      container: {
        signed: false,
        answer: (request, _, { now }) => containerCredentials(request, containerToken, keyring, now),
        refuse: (_, refusal) => refuseContainer(refusal)
      }
    }
  }
}

function jsonService (service: JsonService): Service {
  return {
    signed: true,
    answer: (request, operation, call) => answerJson(service, request, operation, call),
    refuse: (_, refusal) => refuseJson(service, refusal)
  }
}

function routeOf (request: AwsRequest, services: readonly JsonService[]): Route {
  const [target, operation] = headerOf(request, 'x-amz-target').split('.')
  const json = services.find(service => service.target === target)
  if (json !== undefined) return { service: json.name, operation: operation ?? '' }
  if (request.method === 'GET' && request.path === containerPath) return { service: 'container', operation: 'GetCredentials' }
  const action = request.method === 'POST' ? new URLSearchParams(request.body.toString()).get('Action') : null
  if (action === 'AssumeRoleWithWebIdentity') return { service: 'sts', operation: action }
  return { service: 's3', operation: operationOf(request) }
}
