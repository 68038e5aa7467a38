// `bench references`: TopicTens that find each of their ARNs at an object of its own, beside TopicTens whose ARNs are written.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ArnField } from '../api/topicten.ts'
import type { Client } from '../cluster/client.ts'
import { groupOf, managedCrd, type ManagedKind, managedKinds } from '../local/crossplane/managed-kinds.ts'
import type { Figures, Run } from './figures.ts'
import { measureLoad } from './load.ts'
import type { Operator } from './operators.ts'
import { openWatches } from './request-counts.ts'
import { type BenchSpec, eightAtATime, nameOf, type Stage } from './stage.ts'
import { quantile } from './statistics.ts'
import type { Tracker } from './tracker.ts'

export interface ReferenceOptions {
  operator: Operator
  /** Numbers of TopicTens; there are three times as many objects. */
  sizes: number[]
  rounds: number
  onProgress: (line: string) => void
  onRun: (run: Run) => void
}

const version = 'v1beta1'
const where = { region: 'eu-west-3', account: '111122223333' }
const referred: Record<ArnField, ManagedKind> = {
  targetarn: managedKind('Bucket'), kmsarn: managedKind('Key'), cloudwatcharn: managedKind('Group')
}
const kinds = Object.values(referred)

/** TopicTens whose last ARN comes late, one after the other. */
const late = 20
/** Until the operator has seen that the ARN is not there. */
const settleMs = 300
const intervalMs = 3_600_000

export async function references (stage: Stage, { operator, sizes, rounds, onProgress, onRun }: ReferenceOptions): Promise<void> {
  await makeKinds(stage.client)
  let made = 0
  // Ascending, for objects are added and stay: a watch reads all of its kind.
  for (const size of sizes.toSorted((a, b) => a - b)) {
    onProgress(`making ${3 * (size - made)} objects`)
    await eightAtATime(size - made, async index => {
      const name = nameOf('tt', made + index)
      await makeObjects(stage, name)
      for (const managed of kinds) await setArn(stage, managed, name)
    })
    made = size
    const section = `Create ${size} TopicTens beside ${3 * size} objects`
    for (let round = 1; round <= rounds; round++) {
      for (const [name, measure] of [['references', measureReferring], ['written ARNs', measureWritten]] as const) {
        onProgress(`round ${round} of ${rounds}: ${section}: ${name}`)
        await stage.clear()
        onRun({ operator: `${operator.name}, ${name}`, section, round, figures: await measure(stage, operator, size, round) })
      }
    }
  }
}

async function measureReferring (stage: Stage, operator: Operator, count: number, round: number): Promise<Figures> {
  const load = { count, intervalMs, toOne: false, specOf: (index: number) => referring(nameOf('tt', index)) }
  return await measureLoad(stage, operator, load, async tracker => ({
    'watches of referred kinds': await openWatches(stage.client, kinds.map(({ plural }) => plural)),
    ...await measureLastArn(stage, tracker, `late-${count}-${round}`)
  }))
}

async function measureWritten (stage: Stage, operator: Operator, count: number): Promise<Figures> {
  return await measureLoad(stage, operator, { count, intervalMs, toOne: false })
}

/** From the request that sets the last ARN until the Deployment is seen. */
async function measureLastArn (stage: Stage, tracker: Tracker, prefix: string): Promise<Figures> {
  const times: number[] = []
  const { kmsarn: last, ...others } = referred
  for (let index = 0; index < late; index++) {
    const name = nameOf(prefix, index)
    await makeObjects(stage, name)
    for (const managed of Object.values(others)) await setArn(stage, managed, name)
    await stage.create(1, () => ({ replicas: 2, ...referring(name) }), name)
    await delay(settleMs)
    const from = performance.now()
    await setArn(stage, last, name)
    times.push(await tracker.until('a Deployment', () => tracker.steps.has(nameOf(name, 0))) - from)
  }
  const at = (q: number) => quantile(times, q) ?? Number.NaN
  return { 'last ARN to Deployment p50, ms': at(0.5), 'last ARN to Deployment max, ms': at(1) }
}

function referring (name: string): Partial<BenchSpec> {
  return Object.fromEntries(Object.entries(referred).flatMap(([field, managed]) => [
    [field, undefined],
    [`${field}From`, { resourceRef: { apiVersion: `${groupOf(managed)}/${version}`, kind: managed.kind, name } }]
  ]))
}

/** An object of each kind, of this name and still without an ARN: all that the TopicTen of that name refers to. */
async function makeObjects (stage: Stage, name: string): Promise<void> {
  for (const managed of kinds) await stage.client.request('POST', pathOf(stage, managed), { body: objectOf(managed, name) })
}

async function setArn (stage: Stage, managed: ManagedKind, name: string): Promise<void> {
  // AWS names its keys itself.
  const arn = managed.arn?.({ ...where, name: managed.kind === 'Key' ? randomUUID() : name })
  await stage.client.mergePatch(`${pathOf(stage, managed)}/${name}/status`, { status: { atProvider: { arn } } })
}

function objectOf (managed: ManagedKind, name: string): object {
  return { apiVersion: `${groupOf(managed)}/${version}`, kind: managed.kind, metadata: { name }, spec: { forProvider: { region: where.region } } }
}

function pathOf ({ namespace }: Stage, managed: ManagedKind): string {
  return `/apis/${groupOf(managed)}/${version}/namespaces/${namespace}/${managed.plural}`
}

async function makeKinds (client: Client): Promise<void> {
  for (const managed of kinds) {
    await client.request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: managedCrd(managed) })
    while (!await client.get(`/apis/${groupOf(managed)}/${version}/${managed.plural}`).then(() => true, () => false)) await delay(100)
  }
}

function managedKind (kind: string): ManagedKind {
  const found = managedKinds.find(each => each.kind === kind)
  if (found === undefined) throw new Error(`no managed kind ${kind}`)
  return found
}
