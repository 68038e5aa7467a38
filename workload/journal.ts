// Writes to the pod's log stream, and makes the stream when there is none.
import { CreateLogStreamCommand, PutLogEventsCommand, type CloudWatchLogsClient, type RejectedLogEventsInfo } from '@aws-sdk/client-cloudwatch-logs'
import type { Call } from './call.ts'
import { nameOf } from './faults.ts'

/**
 * Writes one event. When the reply is lost and it is written again, the stream has it twice: readers know it by its id.
 * @param at milliseconds since the epoch
 * @throws {EventRejected} when CloudWatch took the request and dropped the event
 */
export type WriteEvent = (text: string, at: number, signal: AbortSignal) => Promise<void>

export interface JournalOptions {
  logs: CloudWatchLogsClient
  /** Names, not ARNs: the calls that write take no ARN. */
  group: string
  stream: string
  call: Call
}

/** An event outside the times that CloudWatch takes: 14 days back, or the group's retention, to 2 hours ahead. */
export class EventRejected extends Error {
  override readonly name = 'EventRejected'
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
export function createJournal ({ logs, group, stream, call }: JournalOptions): WriteEvent {
  const where = { logGroupName: group, logStreamName: stream }
  let made = false

  const makeStream = async (signal: AbortSignal): Promise<void> => {
    try {
      await call(signal, abortSignal => logs.send(new CreateLogStreamCommand(where), { abortSignal }))
    } catch (error) {
      if (nameOf(error) !== 'ResourceAlreadyExistsException') throw error
    }
    made = true
  }

  const put = async (text: string, at: number, signal: AbortSignal): Promise<void> => {
    const command = new PutLogEventsCommand({ ...where, logEvents: [{ timestamp: at, message: text }] })
    const { rejectedLogEventsInfo } = await call(signal, abortSignal => logs.send(command, { abortSignal }))
    const reason = rejection(rejectedLogEventsInfo)
    if (reason !== undefined) throw new EventRejected(reason)
  }

  return async (text, at, signal) => {
    if (!made) await makeStream(signal)
    try {
      await put(text, at, signal)
    } catch (error) {
      if (nameOf(error) !== 'ResourceNotFoundException') throw error
      // Somebody deleted the stream. Once more: when the group is gone too, making the stream says so.
      made = false
      await makeStream(signal)
      await put(text, at, signal)
    }
  }
}

/** Rejected events are no error of the call. */
function rejection (rejected: RejectedLogEventsInfo | undefined): string | undefined {
  if (rejected?.tooNewLogEventStartIndex !== undefined) return 'the event is too far in the future; is the clock right?'
  if (rejected?.tooOldLogEventEndIndex !== undefined) return 'the event is more than 14 days old'
  return rejected?.expiredLogEventEndIndex === undefined ? undefined : 'the event is older than the log group keeps events'
}
