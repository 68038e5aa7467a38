// PutLogEvents: what a batch may be, and which of its events are too old or too new to be kept.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
import { Refusal } from './answer.ts'

/** Times are milliseconds since 1970. */
export interface LogEvent { timestamp: number, message: string, ingestionTime: number }
export interface InputEvent { timestamp: number, message: string }

/** Indexes into the batch, as AWS reports them. */
export interface RejectedEvents { tooOldLogEventEndIndex?: number, tooNewLogEventStartIndex?: number }

const maxBatchBytes = 1_048_576
const bytesPerEvent = 26
const maxEventBytes = 1024 * 1024
const hourMs = 3_600_000

/** Throws Refusal when a batch breaks a limit as a whole. */
export function judgeBatch (events: readonly InputEvent[]): void {
  const sizes = events.map(({ message }) => Buffer.byteLength(message) + bytesPerEvent)
  const largest = Math.max(...sizes)
  if (largest > maxEventBytes) throw invalidParameter(`Log event too large: ${largest} bytes exceeds limit of ${maxEventBytes}`)
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  if (bytes > maxBatchBytes) throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${maxBatchBytes}`)
  const times = events.map(({ timestamp }) => timestamp)
  const unordered = times.some((time, index) => time < (times[index - 1] ?? 0))
  if (unordered) throw invalidParameter('Log events in a single PutLogEvents request must be in chronological order.')
  if ((times.at(-1) ?? 0) - (times[0] ?? 0) > 24 * hourMs) throw invalidParameter('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.')
}

/** Out of the window is no error: those events are dropped and told by their indexes. */
export function windowEvents (events: readonly InputEvent[], now: number): { kept: LogEvent[], rejected: RejectedEvents | undefined } {
  const oldEnd = events.filter(({ timestamp }) => timestamp < now - 14 * 24 * hourMs).length
  const newCount = events.filter(({ timestamp }) => timestamp > now + 2 * hourMs).length
  const newStart = events.length - newCount
  const kept = events.slice(oldEnd, newStart).map(event => ({ ...event, ingestionTime: now }))
  if (kept.length === events.length) return { kept, rejected: undefined }
  const rejected = { ...oldEnd > 0 && { tooOldLogEventEndIndex: oldEnd }, ...newCount > 0 && { tooNewLogEventStartIndex: newStart } }
  return { kept, rejected }
}

export function invalidParameter (message: string): Refusal {
  return new Refusal('InvalidParameterException', 400, message)
}
