// What operators make of TopicTens, seen from outside: each change of a Deployment's replicas, each status, each holder of the lease.
import type { V1Deployment, V1Lease } from '@kubernetes/client-node'
import { apiVersion, plural } from '../api/names.ts'
import type { TopicTen } from '../api/topicten.ts'
import type { Client } from '../cluster/client.ts'
import { createReflector, type KubernetesObject } from '../cluster/reflector.ts'

export interface Step {
  replicas: number
  /** Monotonic milliseconds when it was seen. */
  at: number
}

export interface Tracker {
  /** The counts that each Deployment asked for, in order. */
  steps: Map<string, Step[]>
  /** metadata.generation of each Deployment: one, and one more for each change of its spec. */
  generations: Map<string, number>
  /** status.currentReplicas of each TopicTen that has it. */
  statuses: Map<string, number>
  /** Who held the lease since when; `holder` is empty where it was released. */
  holders: Array<{ holder: string, at: number }>
  /** Resolves with the monotonic milliseconds when `holds` did; rejects with `what` after five minutes or `withinMs`. */
  until (what: string, holds: () => boolean, withinMs?: number): Promise<number>
  stop (): Promise<void>
}

const log = { debug () {}, info () {}, warn () {}, error () {} }

/** Follows the objects of `namespace` and the leases of `leaseNamespace`; resolves when it knows what is there. */
export async function track (client: Client, namespace: string, leaseNamespace: string): Promise<Tracker> {
  const steps: Tracker['steps'] = new Map()
  const generations: Tracker['generations'] = new Map()
  const statuses: Tracker['statuses'] = new Map()
  const holders: Tracker['holders'] = []
  const waiting = new Set<() => void>()
  let turn: NodeJS.Immediate | undefined

  function wake (): void {
    turn ??= setImmediate(() => {
      turn = undefined
      for (const look of waiting) look()
    })
  }

  function sawDeployment ({ metadata: { name = '', generation = 0 } = {}, spec }: V1Deployment): void {
    const seen = steps.get(name) ?? []
    const replicas = spec?.replicas ?? 1
    steps.set(name, seen)
    generations.set(name, generation)
    if (seen.at(-1)?.replicas !== replicas) seen.push({ replicas, at: performance.now() })
  }

  function sawTopicTen ({ metadata: { name = '' }, status }: TopicTen): void {
    if (status?.currentReplicas !== undefined) statuses.set(name, status.currentReplicas)
  }

  function sawLease ({ spec }: V1Lease): void {
    const holder = spec?.holderIdentity ?? ''
    if (holders.at(-1)?.holder !== holder) holders.push({ holder, at: performance.now() })
  }

  // What is kept is nothing: the maps above hold all that counts.
  const follow = <T>(path: string, saw: (object: T) => void) => createReflector<null>({
    client, path, project: (object: KubernetesObject) => { saw(object as T); return null }, onChange: wake, log
  })
  const reflectors = [
    follow(`/apis/apps/v1/namespaces/${namespace}/deployments`, sawDeployment),
    follow(`/apis/${apiVersion}/namespaces/${namespace}/${plural}`, sawTopicTen),
    follow(`/apis/coordination.k8s.io/v1/namespaces/${leaseNamespace}/leases`, sawLease)
  ]
  for (const reflector of reflectors) reflector.start()
  await Promise.all(reflectors.map(reflector => reflector.whenSynced()))

  async function until (what: string, holds: () => boolean, withinMs = 300_000): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const look = () => { if (holds()) resolve(performance.now()) }
    const timer = setTimeout(() => { reject(new Error(`waited ${withinMs / 1000} s in vain for ${what}`)) }, withinMs)
    waiting.add(look)
    look()
    return await promise.finally(() => {
      clearTimeout(timer)
      waiting.delete(look)
    })
  }

  return {
    steps,
    generations,
    statuses,
    holders,
    until,
    stop: async () => {
      clearImmediate(turn)
      await Promise.all(reflectors.map(reflector => reflector.stop()))
    }
  }
}

/** How many entries with names that start with `tt-`, those of a measurement, satisfy `holds`. */
export function count<T> (entries: Map<string, T>, holds: (value: T) => boolean = () => true): number {
  let found = 0
  for (const [name, value] of entries) if (name.startsWith('tt-') && holds(value)) found++
  return found
}

/** Milliseconds between each two steps of the measured Deployments that follow one another. */
export function gapsOf (steps: Tracker['steps']): number[] {
  return [...steps].filter(([name]) => name.startsWith('tt-')).flatMap(([, seen]) =>
    seen.slice(1).map(({ at }, index) => at - (seen[index]?.at ?? at)))
}
