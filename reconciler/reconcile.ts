// One reconcile: reads a TopicTen and its Deployment, plans, writes what differs, and says what should happen next.
import type { V1Deployment } from '@kubernetes/client-node'
import { apiVersion, fieldManager, plural } from '../api/names.ts'
import { formatViolation, isArnViolation, violations } from '../api/rules.ts'
import type { ResolvedArns, TopicTen } from '../api/topicten.ts'
import type { Client } from '../cluster/client.ts'
import { isConflict, isNotFound } from '../cluster/errors.ts'
import { planCountdown, type Counted, type Plan } from './countdown.ts'
import { settledMark, writeFor, type Write } from './deployment.ts'
import { countedFromOf, type ObservedDeployment, observeDeployment, observeTopicTen, ownershipOf, stepDueOf } from './observed.ts'
import type { Recent } from './recent.ts'
import type { Reference } from './reference.ts'
import { decideArns, type Found, type Settlement } from './resolution.ts'
import { type ArnsFindings, conditionOf, type Fault, type Findings, isSameStatus, nameTaken, statusOf, statusPatch } from './status.ts'
import type { Witness } from './witness.ts'

/** What the queue should do with the key; `controller.ts` does it. */
export type Result =
  | { outcome: 'gone' }
  | { outcome: 'done' }
  | { outcome: 'again', afterMs: number }
  | { outcome: 'terminal', fault: Fault, afterMs?: number }

export interface Context {
  client: Client
  topicTens: { get (key: string): TopicTen | undefined }
  deployments: { get (key: string): ObservedDeployment | undefined }
  /** What a reference leads to. */
  look: (reference: Reference) => Found
  recentTopicTens: Recent<TopicTen>
  recentDeployments: Recent<ObservedDeployment>
  witness: Witness
  intervalMs: number
  /** Wall clock, milliseconds since the epoch. */
  now: () => number
  /** Told of each status that was written, with the one before. */
  onStatus: (topicTen: TopicTen, before: TopicTen) => void
  onStep: () => void
}

/** How long a Deployment that is in the way is left before it is looked at again: it may lack our label and so be in no cache. */
const inTheWayMs = 30_000
/** The deletion of a former Deployment is watched; this is for the case that it left the cache before. */
const collectionMs = 5_000

/** A condition's message may have 32,768 characters; an Event keeps the first 1,024. */
const longestMessage = 4_096

const invalid = 'The API server would refuse this object today'

/**
 * Makes the reconcile function. It throws ApiError and network errors as they come; `guard` is called before each write
 * and throws when this process may not write any more.
 */
export function createReconcile (context: Context): (key: string, signal: AbortSignal, guard: () => void) => Promise<Result> {
  const { client, topicTens, deployments, recentTopicTens, recentDeployments, witness, intervalMs, now } = context
  const settled = new Map<string, string>()

  async function reconcile (key: string, signal: AbortSignal, guard: () => void): Promise<Result> {
    const topicTen = recentTopicTens.newest(key, topicTens.get(key))
    if (topicTen === undefined || topicTen.metadata.deletionTimestamp !== undefined) {
      settled.delete(key)
      return { outcome: 'gone' }
    }
    const send = sender(signal, guard)
    const fault = faultOf(topicTen)
    const deployment = recentDeployments.newest(key, deployments.get(key))
    const own = deployment !== undefined && ownershipOf(deployment, topicTen) === 'ours' ? deployment : undefined
    if (fault !== undefined) {
      await report(topicTen, { deployment: own, plan: undefined, resolved: undefined, fault }, send)
      return { outcome: 'terminal', fault }
    }
    const decision = decideArns(topicTen, context.look)
    switch (decision.act) {
      case 'settle':
        return await settle(key, await admit(key, topicTen, decision, send), deployment, decision, send)
      case 'withhold':
        await report(topicTen, { deployment: own, plan: undefined, resolved: undefined, fault: undefined, arns: decision }, send)
        return { outcome: 'done' }
      case 'wait':
        return { outcome: 'done' }
    }
  }

  /** Writes ARNs that were found into the status, where admission reads them, before there can be a pod that needs them. */
  async function admit (key: string, topicTen: TopicTen, { resolved, isNew }: Settlement, send: Send): Promise<TopicTen> {
    if (!isNew) return topicTen
    const { uid, resourceVersion } = topicTen.metadata
    const answer = observeTopicTen(await send<TopicTen>(statusPath(topicTen), 'mergePatch', { metadata: { uid, resourceVersion }, status: { resolved } }))
    recentTopicTens.remember(key, answer)
    return answer
  }

  type Send = <T>(path: string, how: 'apply' | 'mergePatch', body: object) => Promise<T>

  function sender (signal: AbortSignal, guard: () => void): Send {
    return async (path, how, body) => {
      guard()
      return await client[how](path, body, { fieldManager, signal })
    }
  }

  async function settle (
    key: string, topicTen: TopicTen, deployment: ObservedDeployment | undefined, settlement: Settlement, send: Send
  ): Promise<Result> {
    const { resolved } = settlement
    const arns = arnsFindings(settlement)
    const ownership = deployment === undefined ? 'ours' : ownershipOf(deployment, topicTen)
    if (deployment !== undefined && ownership === 'foreign') {
      const fault = nameTaken(deployment)
      await report(topicTen, { deployment: undefined, plan: undefined, resolved, fault, arns }, send)
      return { outcome: 'terminal', fault, afterMs: inTheWayMs }
    }
    if (ownership === 'collected') {
      await report(topicTen, { deployment: undefined, plan: undefined, resolved, fault: undefined, arns }, send)
      return { outcome: 'again', afterMs: collectionMs }
    }
    const plan = planFor(key, topicTen, deployment)
    const written = await bring(key, topicTen, deployment, resolved, plan, send)
    if (written === 'taken') return await meet(key, topicTen, settlement, send)
    await report(topicTen, { deployment: written, plan, resolved, fault: undefined, arns }, send)
    return plan.lookAfterMs === undefined ? { outcome: 'done' } : { outcome: 'again', afterMs: plan.lookAfterMs }
  }

  function planFor (key: string, topicTen: TopicTen, deployment: ObservedDeployment | undefined): Plan {
    const { replicas, suspend = false } = topicTen.spec
    const wasSuspended = conditionOf(topicTen, 'CountedDown')?.reason === 'Suspended'
    const counted: Counted | undefined = deployment && {
      replicas: deployment.replicas,
      stepDue: stepDueOf(deployment),
      countedFrom: countedFromOf(deployment),
      seenForMs: witness.seenForMs(key, deployment)
    }
    return planCountdown({ replicas, suspend, wasSuspended }, counted, now(), intervalMs)
  }

  /** Writes the Deployment where it differs; 'taken' when one that the cache does not show has the name. */
  async function bring (
    key: string, topicTen: TopicTen, deployment: ObservedDeployment | undefined, resolved: ResolvedArns, plan: Plan, send: Send
  ): Promise<ObservedDeployment | undefined | 'taken'> {
    if (plan.target === undefined) return deployment
    const isSettled = deployment !== undefined && settled.get(key) === settledMark(topicTen, resolved, deployment)
    const write = writeFor(topicTen, resolved, plan.target, deployment, isSettled)
    if (write === undefined) return deployment
    const answer = await writeDeployment(key, topicTen, write, send)
    if (answer === undefined) return 'taken'
    if (write.how !== 'patch' || isSettled) settled.set(key, settledMark(topicTen, resolved, answer))
    if (answer.replicas < (deployment?.replicas ?? 0)) context.onStep()
    return answer
  }

  /** Sends a write and notes its answer; undefined when the Deployment was to be made and is there already. */
  async function writeDeployment (
    key: string, topicTen: TopicTen, { how, body }: Write, send: Send
  ): Promise<ObservedDeployment | undefined> {
    try {
      const sent = await send<V1Deployment>(deploymentPath(topicTen), how === 'patch' ? 'mergePatch' : 'apply', body)
      const answer = observeDeployment(sent)
      witness.saw(key, answer, true)
      recentDeployments.remember(key, answer)
      return answer
    } catch (error) {
      recentDeployments.forget(key)
      if (how === 'create' && isConflict(error)) return undefined
      throw error
    }
  }

  /** Looks at the Deployment that took the name, which may be ours without its label, and decides again. */
  async function meet (key: string, topicTen: TopicTen, settlement: Settlement, send: Send): Promise<Result> {
    try {
      const deployment = observeDeployment(await client.get<V1Deployment>(deploymentPath(topicTen)))
      witness.saw(key, deployment, false)
      return await settle(key, topicTen, deployment, settlement, send)
    } catch (error) {
      if (isNotFound(error)) return { outcome: 'again', afterMs: 0 }
      throw error
    }
  }

  async function report (topicTen: TopicTen, findings: Findings, send: Send): Promise<void> {
    const status = statusOf(topicTen, findings, new Date(now()))
    if (isSameStatus(topicTen.status, status)) return
    const { namespace, name } = topicTen.metadata
    const key = `${namespace}/${name}`
    try {
      const answer = observeTopicTen(await send<TopicTen>(statusPath(topicTen), 'mergePatch', statusPatch(topicTen, status)))
      recentTopicTens.remember(key, answer)
      context.onStatus(answer, topicTen)
    } catch (error) {
      recentTopicTens.forget(key)
      if (!isNotFound(error)) throw error
    }
  }

  return reconcile
}

function arnsFindings ({ verdict, stalled }: Settlement): ArnsFindings | undefined {
  return verdict && { verdict, stalled }
}

function statusPath ({ metadata: { namespace, name } }: TopicTen): string {
  return `/apis/${apiVersion}/namespaces/${namespace}/${plural}/${name}/status`
}

function deploymentPath (topicTen: TopicTen): string {
  return `/apis/apps/v1/namespaces/${topicTen.metadata.namespace}/deployments/${topicTen.metadata.name}`
}

/** What an older CRD let through and this release cannot work with. */
function faultOf (topicTen: TopicTen): Fault | undefined {
  const found = violations(topicTen.spec)
  if (found.length === 0) return undefined
  const reason = found.every(isArnViolation) ? 'InvalidArn' : 'InvalidSpec'
  return { reason, message: `${invalid}: ${found.map(formatViolation).join('; ')}`.slice(0, longestMessage) }
}
