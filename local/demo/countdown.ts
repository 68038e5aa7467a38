// Watches TopicTens until all of them are at one, and shows them meanwhile.
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { TopicTen } from '../../api/topicten.ts'
import { createClient } from '../../cluster/client.ts'
import { loadClusterConfig } from '../../cluster/config.ts'
import { createReflector } from '../../cluster/reflector.ts'
import { type Sighting, lineOf, sightingOf, tableOf } from './sighting.ts'

export interface Watch {
  /** All that was seen, in its order. */
  readonly sightings: readonly Sighting[]
  /** What there is now. */
  look (now: number): Sighting[]
  close (): Promise<void>
}

export interface CountdownOptions {
  isOperatorGone: () => boolean
  operatorLog: string
  /** Shows a table that is redrawn; otherwise a line for each change. */
  live: boolean
  signal: AbortSignal
  say: (text: string) => void
}

const frameMs = 250
const silent = { debug () {}, info () {}, warn () {}, error () {} }

/** Watches the TopicTens at `path`, those of one namespace, with a kubeconfig of somebody who may list and watch them. */
export function openWatch (kubeconfig: string, path: string): Watch {
  const sightings: Sighting[] = []
  const client = createClient(loadClusterConfig({ kubeconfig }))
  const reflector = createReflector<TopicTen>({
    client,
    path,
    project: object => object as unknown as TopicTen,
    onChange ({ object }) { if (object !== undefined) sightings.push(sightingOf(object, Date.now())) },
    log: silent
  })
  reflector.start()
  return {
    sightings,
    look: now => [...reflector.values()].map(topicTen => sightingOf(topicTen, now)),
    async close () {
      await reflector.stop()
      await client.close()
    }
  }
}

/**
 * Shows the countdown, from the first sighting on, until all are at one. Rejects when one is stalled or the operator ends, each
 * time with the reason, and with the reason of `signal`.
 */
export async function showCountdown ({ sightings, look }: Watch, options: CountdownOptions): Promise<void> {
  const { live, signal, say } = options
  const last = new Map<string, Sighting>()
  for (let told = 0; ; await delay(frameMs, undefined, { signal })) {
    for (const sighting of sightings.slice(told)) {
      if (!live && sighting.replicas !== undefined && isNews(sighting, last.get(sighting.name))) say(lineOf(sighting))
      last.set(sighting.name, sighting)
    }
    told = sightings.length
    const now = Date.now()
    const seen = look(now)
    if (live) say(tableOf(seen, now))
    if (await isOver(seen, options)) return
  }
}

function isNews (one: Sighting, other: Sighting | undefined): boolean {
  return other === undefined || one.replicas !== other.replicas || one.ready !== other.ready || one.reason !== other.reason
}

/** Whether all are at one. */
async function isOver (seen: Sighting[], { isOperatorGone, operatorLog }: CountdownOptions): Promise<boolean> {
  const stalled = seen.find(({ stalled }) => stalled !== undefined)
  if (stalled !== undefined) throw new Error(`TopicTen ${stalled.name} is stalled: ${stalled.stalled}`)
  if (isOperatorGone()) throw new Error(`the operator has ended; the end of its log:\n${await tail(operatorLog)}`)
  return seen.length > 0 && seen.every(({ done, replicas }) => done && replicas === 1)
}

async function tail (file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-5).join('\n')
}
