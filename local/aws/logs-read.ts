// Reading a log group: its streams, one stream's events, and the events of several streams, each in pages.
import type { InputEvent, LogEvent } from './logs-put.ts'
import { invalidParameter } from './logs-put.ts'

export interface LogStream { name: string, creationTime: number, events: LogEvent[] }

export interface DescribeInput {
  logStreamNamePrefix?: string
  orderBy?: 'LogStreamName' | 'LastEventTime'
  descending?: boolean
  limit?: number
  nextToken?: string
}

export interface GetInput { startTime?: number, endTime?: number, startFromHead?: boolean, limit?: number, nextToken?: string }

export interface FilterInput {
  logStreamNames?: string[]
  logStreamNamePrefix?: string
  startTime?: number
  endTime?: number
  limit?: number
  nextToken?: string
}

const maxPageBytes = 1024 * 1024
const maxPageEvents = 10_000

/** DescribeLogStreams: at most 50 streams a page, by name or by their last event. */
export function describeStreams (streams: LogStream[], { logStreamNamePrefix = '', orderBy = 'LogStreamName', descending = false, limit = 50, nextToken }: DescribeInput): object {
  if (orderBy === 'LastEventTime' && logStreamNamePrefix !== '') throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.')
  const sorted = streams.filter(({ name }) => name.startsWith(logStreamNamePrefix))
    .sort((a, b) => orderBy === 'LastEventTime' ? lastTime(a) - lastTime(b) : compareText(a.name, b.name))
  if (descending) sorted.reverse()
  const { page, next } = cut(sorted, offsetIn(nextToken), limit)
  return {
    logStreams: page.map(({ name, creationTime, events }) => ({ logStreamName: name, creationTime, storedBytes: 0, ...timesOf(events) })),
    ...next !== undefined && { nextToken: tokenOf(next) }
  }
}

/**
 * GetLogEvents: the newest events first unless `startFromHead`; both tokens are always there, and the same one again tells that
 * the end is reached.
 */
export function getEvents ({ events }: LogStream, input: GetInput): object {
  const found = inOrder(events).filter(within(input))
  const limit = input.limit ?? maxPageEvents
  const [way, at] = positionOf(input, found.length)
  const page = way === 'f' ? fitting(found.slice(at), limit) : fitting(found.slice(0, at).reverse(), limit).reverse()
  const start = way === 'f' ? at : at - page.length
  return {
    events: page,
    nextForwardToken: `f/${start + page.length}`,
    nextBackwardToken: `b/${start}`
  }
}

/** FilterLogEvents: the events of all the streams meant, by their time; without a token there is no more. */
export function filterEvents (streams: LogStream[], input: FilterInput): object {
  const { logStreamNames, logStreamNamePrefix, limit = maxPageEvents, nextToken } = input
  if (logStreamNames && logStreamNamePrefix !== undefined) throw invalidParameter('logStreamNames and logStreamNamePrefix are mutually exclusive.')
  const meant = streams.filter(({ name }) => logStreamNames?.includes(name) ?? name.startsWith(logStreamNamePrefix ?? ''))
  const found = meant.flatMap(({ name, events }) => events.map((event, index) => ({ logStreamName: name, ...event, eventId: `${name}#${index}` })).filter(within(input)))
    .sort((a, b) => a.timestamp - b.timestamp || compareText(a.logStreamName, b.logStreamName))
  const offset = offsetIn(nextToken)
  const page = fitting(found.slice(offset), limit)
  const next = offset + page.length
  return { events: page, searchedLogStreams: [], ...next < found.length && { nextToken: tokenOf(next) } }
}

function within ({ startTime = 0, endTime = Infinity }: { startTime?: number, endTime?: number }): (event: InputEvent) => boolean {
  return ({ timestamp }) => timestamp >= startTime && timestamp < endTime
}

/** Which way to read and from where: a token's, else from one end. */
function positionOf ({ nextToken, startFromHead = false }: GetInput, count: number): ['f' | 'b', number] {
  if (nextToken === undefined) return startFromHead ? ['f', 0] : ['b', count]
  const [, way, at] = /^([fb])\/(\d+)$/.exec(nextToken) ?? []
  if (way === undefined) throw invalidParameter('The specified nextToken is invalid.')
  return [way === 'f' ? 'f' : 'b', Math.min(Number(at), count)]
}

/** The first events, at most `limit` and 1 MB of text; at least one. */
function fitting<Event extends InputEvent> (events: Event[], limit: number): Event[] {
  let bytes = 0
  const end = events.findIndex(({ message }, index) => (bytes += Buffer.byteLength(message)) > maxPageBytes && index > 0)
  return events.slice(0, Math.min(limit, end < 0 ? events.length : end))
}

function cut<Thing> (things: Thing[], offset: number, limit: number): { page: Thing[], next: number | undefined } {
  const end = offset + limit
  return { page: things.slice(offset, end), next: end < things.length ? end : undefined }
}

function inOrder (events: LogEvent[]): LogEvent[] {
  return events.toSorted((a, b) => a.timestamp - b.timestamp)
}

function timesOf (events: LogEvent[]): object {
  const sorted = inOrder(events)
  if (sorted.length === 0) return {}
  return {
    firstEventTimestamp: sorted[0]?.timestamp,
    lastEventTimestamp: sorted.at(-1)?.timestamp,
    lastIngestionTime: events.at(-1)?.ingestionTime
  }
}

function lastTime ({ events }: LogStream): number {
  return Math.max(0, ...events.map(({ timestamp }) => timestamp))
}

function tokenOf (offset: number): string {
  return Buffer.from(`page/${offset}`).toString('base64url')
}

function offsetIn (token: string | undefined): number {
  if (token === undefined) return 0
  const offset = /^page\/(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1]
  if (offset === undefined) throw invalidParameter('The specified nextToken is invalid.')
  return Number(offset)
}

function compareText (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
