// Reads the lines that a TopicTen's pods left in the log group.
import { type CloudWatchLogsClient, DescribeLogStreamsCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { type LogLine, parseLogLine } from '../record.ts'
import { ask } from './ask.ts'
import { podOfStream, podPrefix } from './pods.ts'

export interface LogSearch {
  namespace: string
  /** The TopicTen's. */
  name: string
  /** Events before this need not be found; milliseconds since the epoch. */
  since: number | undefined
  /** The log group's ARN, for messages to people. */
  arn: string
  /** A line that is no message was found. */
  foreign: () => void
}

export interface LogEvent extends LogLine {
  /** Of the stream: what the line itself says of its pod is not believed. */
  pod: string
  /** Of the event, in milliseconds since the epoch. */
  time: number
}

export interface LogGroup {
  logs: CloudWatchLogsClient
  /** The group's name. */
  logGroup: string
}

export interface LogStream {
  stream: string
  pod: string
}

/**
 * The log streams of a TopicTen's pods.
 * @throws {AskError}
 */
export async function * ownStreams ({ logs, logGroup }: LogGroup, { namespace, name, arn }: LogSearch): AsyncGenerator<LogStream> {
  let token: string | undefined
  do {
    const page = await ask({ operation: 'CloudWatch Logs DescribeLogStreams', arn, right: 'logs:DescribeLogStreams' }, () =>
      logs.send(new DescribeLogStreamsCommand({
        logGroupName: logGroup,
        logStreamNamePrefix: `${namespace}/${podPrefix(name)}`,
        ...token !== undefined && { nextToken: token }
      })))
    for (const { logStreamName: stream = '' } of page.logStreams ?? []) {
      const pod = podOfStream(stream, namespace, name)
      if (pod !== undefined) yield { stream, pod }
    }
    token = page.nextToken
  } while (token !== undefined)
}

/**
 * The messages of one stream.
 * @throws {AskError}
 */
export async function * eventsOf ({ logs, logGroup }: LogGroup, { stream, pod }: LogStream, search: LogSearch): AsyncGenerator<LogEvent> {
  let token: string | undefined
  for (;;) {
    const page = await ask({ operation: `CloudWatch Logs GetLogEvents of stream ${stream}`, arn: search.arn, right: 'logs:GetLogEvents' }, () =>
      logs.send(new GetLogEventsCommand({
        logGroupName: logGroup,
        logStreamName: stream,
        startFromHead: true,
        ...search.since !== undefined && { startTime: Math.floor(search.since) },
        ...token !== undefined && { nextToken: token }
      })))
    for (const { message = '', timestamp = 0 } of page.events ?? []) {
      const line = parseLogLine(message)
      if (line === undefined) search.foreign()
      else yield { ...line, pod, time: timestamp }
    }
    // Pages may be empty; the end is where the token comes back as it was.
    // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
    if (page.nextForwardToken === undefined || page.nextForwardToken === token) return
    token = page.nextForwardToken
  }
}
