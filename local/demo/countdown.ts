// Watches TopicTens until all of them are at one, and shows them meanwhile.
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { TopicTen } from '../../api/topicten.ts'
import { createClient } from '../../cluster/client.ts'
import { loadClusterConfig } from '../../cluster/config.ts'
import { createReflector } from '../../cluster/reflector.ts'
import { type Sighting, lineOf, sightingOf, tableOf } from './sighting.ts'

export interface CountdownOptions {
  /** Of somebody who may list and watch TopicTens. */
  kubeconfig: string
  /** Of the TopicTens of one namespace. */
  path: string
  isOperatorGone: () => boolean
  operatorLog: string
  /** Shows a table that is redrawn; otherwise a line for each change. */
  live: boolean
  signal: AbortSignal
  say: (text: string) => void
}

const frameMs = 250
const silent = { debug () {}, info () {}, warn () {}, error () {} }

/**
 * Gives all that was seen of the TopicTens, in its order. Rejects when one is stalled or the operator ends, each time with
 * the reason, and with the reason of `signal`.
 */
export async function watchCountdown (options: CountdownOptions): Promise<Sighting[]> {
  const { kubeconfig, path, live, signal, say } = options
  const sightings: Sighting[] = []
  const client = createClient(loadClusterConfig({ kubeconfig }))
  const reflector = createReflector<TopicTen>({
    client,
    path,
    project: object => object as unknown as TopicTen,
    onChange ({ object }) {
      if (object === undefined) return
      const sighting = sightingOf(object, Date.now())
      const last = sightings.findLast(({ name }) => name === sighting.name)
      sightings.push(sighting)
      if (!live && (last === undefined || isNews(sighting, last))) say(lineOf(sighting))
    },
    log: silent
  })
  reflector.start()
  try {
    for (;;) {
      const now = Date.now()
      const seen = [...reflector.values()].map(topicTen => sightingOf(topicTen, now))
      if (live) say(tableOf(seen, now))
      if (await isOver(seen, options)) return sightings
      await delay(frameMs, undefined, { signal })
    }
  } finally {
    await reflector.stop()
    await client.close()
  }
}

function isNews (one: Sighting, other: Sighting): boolean {
  return one.replicas !== other.replicas || one.ready !== other.ready || one.reason !== other.reason
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
