// The fake CloudWatch Logs: streams are created, events put and read, in groups of the call's region.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html
import type { Arn } from '../../api/arn.ts'
import { parseLogGroupArn } from '../../api/log-group-arn.ts'
import { Refusal } from './answer.ts'
import { operation, type Call, type JsonService } from './json-service.ts'
import { invalidParameter, judgeBatch, windowEvents, type InputEvent } from './logs-put.ts'
import { describeStreams, filterEvents, getEvents, type DescribeInput, type FilterInput, type GetInput, type LogStream } from './logs-read.ts'
import { soundArn } from './sound-arn.ts'

export interface LogGroup { arn: Arn, streams: Map<string, LogStream> }

export interface LogGroupStore {
  createLogGroup (options: { arn: string }): void
  group (arn: string): LogGroup
  service: JsonService
}

interface InGroup { logGroupName?: string, logGroupIdentifier?: string }
interface InStream extends InGroup { logStreamName: string }

const groupName = { type: 'string', minLength: 1, maxLength: 512, pattern: '^[.\\-_/#A-Za-z0-9]+$' }
const groupIdentifier = { type: 'string', minLength: 1, maxLength: 2048, pattern: '^[\\w#+=/:,.@-]*$' }
const streamName = { type: 'string', minLength: 1, maxLength: 512, pattern: '^[^:*]*$' }
const time = { type: 'integer', minimum: 0 }
const token = { type: 'string', minLength: 1 }
const event = { type: 'object', properties: { timestamp: time, message: { type: 'string', minLength: 1 } }, required: ['timestamp', 'message'], additionalProperties: false }
const group = { logGroupName: groupName, logGroupIdentifier: groupIdentifier }
const range = { startTime: time, endTime: time, nextToken: token, limit: { type: 'integer', minimum: 1, maximum: 10_000 } }

export function openLogs (): LogGroupStore {
  const groups = new Map<string, LogGroup>()
  const find = (input: InGroup, call: Call) => findGroup(input, call, groups)
  return {
    createLogGroup ({ arn: text }) {
      const arn = soundArn(parseLogGroupArn(text), text)
      groups.set(bare(text), { arn, streams: new Map() })
    },
    group (arn) {
      const group = groups.get(bare(arn))
      if (group === undefined) throw new TypeError(`there is no log group ${arn}`)
      return group
    },
    service: {
      name: 'logs',
      target: 'Logs_20140328',
      version: '1.1',
      invalid: 'InvalidParameterException',
      operations: {
        CreateLogStream: operation<InStream>({ logGroupName: groupName, logStreamName: streamName }, ['logGroupName', 'logStreamName'],
          (input, call) => createStream(find(input, call), input.logStreamName, call)),
        // A sequence token is accepted and ignored, as AWS does.
        PutLogEvents: operation<InStream & { logEvents: InputEvent[] }>({ logGroupName: groupName, logStreamName: streamName, sequenceToken: token, logEvents: { type: 'array', minItems: 1, maxItems: 10_000, items: event } },
          ['logGroupName', 'logStreamName', 'logEvents'], (input, call) => putEvents(findStream(find(input, call), input.logStreamName), input.logEvents, call)),
        DescribeLogStreams: operation<InGroup & DescribeInput>({ ...group, logStreamNamePrefix: streamName, orderBy: { enum: ['LogStreamName', 'LastEventTime'] }, descending: { type: 'boolean' }, limit: { type: 'integer', minimum: 1, maximum: 50 }, nextToken: token }, [],
          (input, call) => describeStreams([...find(input, call).streams.values()], input)),
        GetLogEvents: operation<InStream & GetInput>({ ...group, ...range, logStreamName: streamName, startFromHead: { type: 'boolean' } }, ['logStreamName'],
          (input, call) => getEvents(findStream(find(input, call), input.logStreamName), input)),
        FilterLogEvents: operation<InGroup & FilterInput>({ ...group, ...range, logStreamNames: { type: 'array', minItems: 1, maxItems: 100, items: streamName }, logStreamNamePrefix: streamName }, [],
          (input, call) => filterIn(find(input, call), input))
      }
    }
  }
}

function createStream ({ streams }: LogGroup, name: string, { now }: Call): object {
  if (streams.has(name)) throw new Refusal('ResourceAlreadyExistsException', 400, 'The specified log stream already exists')
  streams.set(name, { name, creationTime: now, events: [] })
  return {}
}

function putEvents (stream: LogStream, events: InputEvent[], { now }: Call): object {
  judgeBatch(events)
  const { kept, rejected } = windowEvents(events, now)
  stream.events.push(...kept)
  return { nextSequenceToken: String(stream.events.length).padStart(56, '0'), ...rejected && { rejectedLogEventsInfo: rejected } }
}

function filterIn (group: LogGroup, input: FilterInput): object {
  for (const name of input.logStreamNames ?? []) findStream(group, name)
  return filterEvents([...group.streams.values()], input)
}

function findStream ({ streams }: LogGroup, name: string): LogStream {
  const stream = streams.get(name)
  if (stream === undefined) throw new Refusal('ResourceNotFoundException', 400, 'The specified log stream does not exist.')
  return stream
}

/** A group by its name, or by its name or ARN (without `:*`) as an identifier; in the region of the call only, as in AWS. */
function findGroup ({ logGroupName, logGroupIdentifier }: InGroup, { region }: Call, groups: Map<string, LogGroup>): LogGroup {
  if ((logGroupName === undefined) === (logGroupIdentifier === undefined)) throw invalidParameter('Exactly one of logGroupName and logGroupIdentifier must be given.')
  const wanted = logGroupName ?? logGroupIdentifier ?? ''
  const found = [...groups].find(([text, { arn }]) => arn.region === region && (arn.name === wanted || text === wanted))
  if (found === undefined) throw new Refusal('ResourceNotFoundException', 400, 'The specified log group does not exist.')
  return found[1]
}

function bare (arn: string): string {
  return arn.replace(/:\*$/, '')
}
