// Reads from the API server's own metrics how many requests it answered: of all clients, watches left out (they count when they end).
import type { Client } from '../cluster/client.ts'
import type { Figures } from './figures.ts'

/** `VERB resource[/subresource] code` to how many. */
export type RequestCounts = Map<string, number>

export async function requestCounts (client: Client): Promise<RequestCounts> {
  return parseRequestCounts(await client.get<string>('/metrics', { timeoutMs: 60_000 }))
}

/** Reads `apiserver_request_total` from the text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function parseRequestCounts (metrics: string): RequestCounts {
  const counts: RequestCounts = new Map()
  for (const [, labels = '', value] of metrics.matchAll(/^apiserver_request_total\{(.*)\} (\S+)$/gm)) {
    const { verb, resource, subresource, code } = parseLabels(labels)
    if (verb === 'WATCH') continue
    const key = `${verb} ${resource}${subresource ? `/${subresource}` : ''} ${code}`
    counts.set(key, (counts.get(key) ?? 0) + Number(value))
  }
  return counts
}

/** How many watches of these resources, by their plurals, are open now. */
export async function openWatches (client: Client, resources: string[]): Promise<number> {
  return countWatches(await client.get<string>('/metrics', { timeoutMs: 60_000 }), resources)
}

/** Sums `apiserver_longrunning_requests`. */
export function countWatches (metrics: string, resources: string[]): number {
  let count = 0
  for (const [, labels = '', value] of metrics.matchAll(/^apiserver_longrunning_requests\{(.*)\} (\S+)$/gm)) {
    const { verb, resource = '' } = parseLabels(labels)
    if (verb === 'WATCH' && resources.includes(resource)) count += Number(value)
  }
  return count
}

function parseLabels (text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]))
}

const writes = new Set(['POST', 'PUT', 'PATCH', 'APPLY'])
const relevant = /^\w+ (deployments|topictens|leases|events|namespaces)\b/

/** What `count` TopicTens cost in requests between two readings. The TopicTens' own creation is the harness's and left out. */
export function requestFigures (before: RequestCounts, after: RequestCounts, count: number): Figures {
  const deltas = [...after].map(([key, value]) => [key, value - (before.get(key) ?? 0)] as const)
    .filter(([key, delta]) => delta > 0 && relevant.test(key) && !key.startsWith('POST topictens '))
  const written = (resource: string) => sum(deltas.filter(([key]) => isWrite(key, resource)))
  const figures: Figures = {
    'Deployment writes, each': written('deployments') / count,
    'status writes, each': written('topictens/status') / count,
    conflicts: sum(deltas.filter(([key]) => / (deployments|topictens)\S* 409$/.test(key)))
  }
  for (const [key, delta] of deltas.toSorted()) figures[`requests ${key}`] = delta
  return figures
}

function isWrite (key: string, resource: string): boolean {
  const [verb = '', found, code = ''] = key.split(' ')
  return writes.has(verb) && found === resource && code.startsWith('2')
}

function sum (deltas: (readonly [string, number])[]): number {
  return deltas.reduce((total, [, delta]) => total + delta, 0)
}
