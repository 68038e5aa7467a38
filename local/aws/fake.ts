// A strict fake of AWS on one port of this machine: KMS, S3, DynamoDB, CloudWatch Logs, and where credentials come from.
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, Refusal, type ServiceName } from './answer.ts'
import { authenticate } from './authentication.ts'
import { containerPath, type WebIdentity } from './credentials.ts'
import type { TableOptions } from './dynamodb.ts'
import type { Item } from './dynamodb-value.ts'
import { openFaults, refusalOf, type FaultKind, type FaultPlan, type FaultSource } from './faults.ts'
import { openKeyring, type Credentials } from './keyring.ts'
import type { KeyOptions } from './kms.ts'
import type { EncryptionContext, KeyState } from './kms-key.ts'
import type { LogEvent } from './logs-put.ts'
import { type AwsRequest, readRequest } from './request.ts'
import type { BucketOptions } from './s3.ts'
import type { StoredObject } from './s3-bucket.ts'
import { openServices, type Route, type Services } from './services.ts'

export interface FakeAwsOptions {
  /** Where it listens; default 127.0.0.1. */
  host?: string
  /** Default: a free one. */
  port?: number
  /** Milliseconds since 1970; default the machine's clock. */
  now?: () => number
  /** The long-lived pair that requests may be signed with; default test, test (which moto takes as well). */
  credentials?: Credentials
  /** The roles that may be assumed and with which token. */
  identities?: WebIdentity[]
}

/** One request, in the order they came. */
export interface RecordedCall {
  service: ServiceName
  operation: string
  /** The region it was signed for; empty when it needs no signature, or had none. */
  region: string
  accessKeyId: string
  /** `ok`, or the code of the refusal. */
  outcome: string
  fault?: FaultKind
}

export interface FakeAws {
  /** `http://HOST:PORT`: for AWS_ENDPOINT_URL. */
  endpoint: string
  /** What a process needs to be told: the endpoint and the long-lived credentials. */
  env: Record<string, string>
  /** For AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN. */
  container: { uri: string, token: string }
  createKey (options: KeyOptions): void
  setKeyState (arn: string, state: KeyState): void
  createBucket (options: BucketOptions): void
  createTable (options: TableOptions): void
  createLogGroup (options: { arn: string }): void
  /** By key. */
  objects (bucket: string): ReadonlyMap<string, StoredObject>
  items (tableArn: string): Item[]
  /** By stream, in the order they came. */
  events (groupArn: string): ReadonlyMap<string, readonly LogEvent[]>
  /** Throws when the context is not the one of Encrypt. */
  decrypt (ciphertext: Buffer, context?: EncryptionContext): Buffer
  calls: readonly RecordedCall[]
  /** Calls meet faults from now on, until the function that comes back is called. The first of several plans that has one decides. */
  inject (plan: FaultPlan): () => void
  /** Cuts all connections and frees the port. */
  close (): Promise<void>
}

/** Starts a fake AWS that has no resources yet. Rejects when the port is taken. */
export async function startFakeAws (options: FakeAwsOptions = {}): Promise<FakeAws> {
  const { host = '127.0.0.1', port = 0, now = Date.now, credentials = { accessKeyId: 'test', secretAccessKey: 'test' }, identities = [] } = options
  const keyring = openKeyring(credentials)
  const token = randomBytes(24).toString('base64url')
  const services = openServices({ keyring, containerToken: token, identities })
  const calls: RecordedCall[] = []
  const plans = new Set<FaultSource>()
  const server = createServer((incoming, outgoing) => {
    // A client that gave up is no fault of ours; a fault of ours must not look like one of AWS's.
    serve(incoming, outgoing).catch((error: unknown) => { if (!outgoing.destroyed) outgoing.writeHead(599).end(String(error)) })
  })
  async function serve (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming)
    const route = services.route(request)
    const call: RecordedCall = { ...route, region: '', accessKeyId: '', outcome: 'ok' }
    calls.push(call)
    const answer = answerRequest(request, route, call)
    if (call.fault === 'hang') return
    if (call.fault === 'lost' || call.fault === 'reset') outgoing.destroy()
    else outgoing.writeHead(answer.status, { ...requestIds(), ...answer.headers }).end(answer.body)
  }
  function answerRequest (request: AwsRequest, { service: name, operation }: Route, call: RecordedCall): Answer {
    const service = services.byName[name]
    try {
      if (service.signed) Object.assign(call, scopeOf(authenticate(request, name, keyring, now())))
      meetFault(call, request, plans)
      return service.answer(request, operation, { region: call.region, now: now() })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      call.outcome = error.code
      return service.refuse(request, error)
    }
  }
  server.keepAliveTimeout = 60_000
  await once(server.listen(port, host), 'listening')
  const endpoint = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`
  return {
    endpoint,
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true'
    },
    container: { uri: `${endpoint}${containerPath}`, token },
    ...resourcesOf(services),
    calls,
    inject (plan) {
      const source = openFaults(plan)
      plans.add(source)
      return () => { plans.delete(source) }
    },
    async close () {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    }
  }
}

/** Notes the fault that a call meets. Throws Refusal when it is one that AWS has words for, or nothing is to happen. */
function meetFault (call: RecordedCall, { headers }: AwsRequest, plans: Iterable<FaultSource>): void {
  const conditional = call.operation === 'PutObject' && (headers['if-match'] ?? headers['if-none-match']) !== undefined
  const fault = firstFault(plans, { operation: call.operation, conditional })
  if (fault === undefined) return
  call.fault = fault
  if (fault === 'lost') return
  if (fault === 'hang' || fault === 'reset') throw new Refusal(fault, 500, '')
  throw refusalOf(fault, call.service)
}

function firstFault (plans: Iterable<FaultSource>, question: Parameters<FaultSource>[0]): FaultKind | undefined {
  for (const plan of plans) {
    const fault = plan(question)
    if (fault !== undefined) return fault
  }
  return undefined
}

function scopeOf ({ region, accessKeyId }: { region: string, accessKeyId: string }): { region: string, accessKeyId: string } {
  return { region, accessKeyId }
}

function requestIds (): Record<string, string> {
  const id = randomUUID()
  return { 'x-amzn-requestid': id, 'x-amz-request-id': id }
}

type Resources = Pick<FakeAws, 'createKey' | 'setKeyState' | 'createBucket' | 'createTable' | 'createLogGroup' | 'objects' | 'items' | 'events' | 'decrypt'>

function resourcesOf ({ kms, s3, dynamodb, logs }: Services): Resources {
  return {
    createKey: kms.createKey,
    setKeyState: kms.setKeyState,
    createBucket: s3.createBucket,
    createTable: dynamodb.createTable,
    createLogGroup: logs.createLogGroup,
    objects: name => s3.bucket(name).objects,
    items: arn => [...dynamodb.table(arn).items.values()].map(({ item }) => item),
    events: arn => new Map([...logs.group(arn).streams].map(([name, { events }]) => [name, events])),
    decrypt: kms.decrypt
  }
}
