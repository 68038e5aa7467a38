// What KMS, DynamoDB and CloudWatch Logs have in common: JSON both ways, the operation named in a header.
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
import { Ajv, type ErrorObject } from 'ajv'
import { type Answer, Refusal, type ServiceName } from './answer.ts'
import type { AwsRequest } from './request.ts'

export interface Call {
  /** The region that the request was signed for. */
  region: string
  /** Milliseconds since 1970. */
  now: number
}

export type Operation = (input: unknown, call: Call, invalid: string) => object

export interface JsonService {
  name: ServiceName
  /** What comes before the operation in X-Amz-Target. */
  target: string
  version: '1.0' | '1.1'
  /** The code for input that breaks a limit. */
  invalid: string
  operations: Readonly<Record<string, Operation>>
}

const ajv = new Ajv({ allErrors: true })

/**
 * An operation that runs only on input that fits `properties` (JSON Schema, the limits of AWS's service model). A member that
 * is not among them is refused: the fake does not pretend to do what it does not.
 */
export function operation<Input> (
  properties: Record<string, object>, required: string[], run: (input: Input, call: Call) => object
): Operation {
  const isInput = ajv.compile<Input>({ type: 'object', properties, required, additionalProperties: false })
  return (input, call, invalid) => {
    if (!isInput(input)) throw new Refusal(invalid, 400, (isInput.errors ?? []).map(describe).join('; '))
    return run(input, call)
  }
}

export function answerJson (service: JsonService, request: AwsRequest, name: string, call: Call): Answer {
  const run = Object.hasOwn(service.operations, name) ? service.operations[name] : undefined
  if (request.method !== 'POST' || run === undefined) throw new Refusal('UnknownOperationException', 400, `The fake AWS has no ${service.name} ${name}.`)
  return jsonAnswer(service, 200, run(parseBody(request.body), call, service.invalid))
}

export function refuseJson (service: JsonService, { code, status, message, members }: Refusal): Answer {
  return jsonAnswer(service, status, { __type: code, message, ...members })
}

function jsonAnswer ({ version }: JsonService, status: number, body: object): Answer {
  return { status, headers: { 'content-type': `application/x-amz-json-${version}` }, body: JSON.stringify(body) }
}

function parseBody (body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new Refusal('SerializationException', 400, 'The body is no JSON.')
  }
}

function describe ({ instancePath, message, params }: ErrorObject): string {
  const stranger: unknown = params['additionalProperty']
  return `Value at '${instancePath.slice(1)}' failed to satisfy constraint: ${message ?? ''}${typeof stranger === 'string' ? `: ${stranger}` : ''}`
}
