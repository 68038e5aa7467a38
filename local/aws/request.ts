// One HTTP request as it came, with its whole body; what it means is route.ts's.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'

export interface AwsRequest {
  method: string
  /** Still percent-encoded, as it was signed. */
  path: string
  /** Decoded, in the order they came. */
  query: readonly (readonly [string, string])[]
  headers: IncomingHttpHeaders
  body: Buffer
}

/** Reads a request to its end. Rejects when the client goes away before, and with URIError on a broken percent-encoding. */
export async function readRequest (incoming: IncomingMessage): Promise<AwsRequest> {
  const [path = '/', query = ''] = (incoming.url ?? '/').split(/\?(.*)/s, 2)
  return {
    method: incoming.method ?? 'GET',
    path,
    query: query.split('&').filter(part => part !== '').map(part => {
      const [name = '', value = ''] = part.split(/=(.*)/s, 2).map(decodeURIComponent)
      return [name, value] as const
    }),
    headers: incoming.headers,
    body: await buffer(incoming)
  }
}

/** The value of one header, empty when it is not there. */
export function headerOf ({ headers }: AwsRequest, name: string): string {
  const value = headers[name]
  return Array.isArray(value) ? value.join(',') : value ?? ''
}

/** The value of one query parameter; the empty text when it has none. */
export function parameterOf ({ query }: AwsRequest, name: string): string | undefined {
  return query.find(([key]) => key === name)?.[1]
}
