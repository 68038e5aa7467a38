// Decides what a ServiceTwo is composed of now: the managed resources at once, what needs ARNs as soon as they are there. Pure: no gRPC,
// no Crossplane.
import { type Arns, bucketPolicy, configMap, managedResources, topicTen } from './resources.ts'
import { type Json, objectAt, parseServiceTwo } from './service-two.ts'

export interface Observed {
  composite: Json
  /** What of it is there, each under the name that we gave it. */
  composed: Record<string, Json>
}

export interface Composition {
  resources: Record<string, { resource: Json, ready: boolean }>
  status: Json
  /** True while something is withheld: then the ServiceTwo is not ready, whatever else is. */
  waiting: boolean
  condition: { type: 'ArnsResolved', status: boolean, reason: 'Resolved' | 'Waiting', message: string }
}

// Which resource each ARN is of.
const sources: Array<[keyof Arns, string]> = [['targetarn', 'bucket'], ['kmsarn', 'key'], ['cloudwatcharn', 'log-group']]

/** Throws an InvalidServiceTwoError when there is no composing it; what is there then stays as it is. */
export function compose ({ composite, composed }: Observed): Composition {
  const service = parseServiceTwo(composite)
  const known = knownArns(composite, composed)
  const desired = managedResources(service)
  if (known.targetarn !== undefined) desired['bucket-policy'] = bucketPolicy(service, known.targetarn)
  if (isComplete(known)) {
    desired['arns'] = configMap(service, known)
    desired['topicten'] = topicTen(service, known)
  }
  const missing = sources.filter(([arn]) => known[arn] === undefined).map(([, source]) => source)
  return {
    resources: Object.fromEntries(Object.entries(desired).map(([name, resource]) => [name, { resource, ready: isReady(composed[name]) }])),
    status: { ...known, ...website(composite, composed) },
    waiting: missing.length > 0,
    condition: {
      type: 'ArnsResolved',
      status: missing.length === 0,
      reason: missing.length === 0 ? 'Resolved' : 'Waiting',
      message: missing.length === 0 ? '' : `waiting for the ARN of ${missing.join(', ')}`
    }
  }
}

/**
 * An ARN that was known stays: were it forgotten because a provider for once reports none, the TopicTen would be left out of what is
 * desired, and Crossplane would delete it.
 */
function knownArns (composite: Json, composed: Record<string, Json>): Partial<Arns> {
  const before = objectAt(composite, 'status')
  const known: Partial<Arns> = {}
  for (const [arn, source] of sources) {
    const value = atProvider(composed[source])['arn'] || before[arn]
    if (typeof value === 'string' && value !== '') known[arn] = value
  }
  return known
}

function isComplete (arns: Partial<Arns>): arns is Arns {
  return sources.every(([arn]) => arns[arn] !== undefined)
}

function website (composite: Json, composed: Record<string, Json>): Json {
  const value = atProvider(composed['bucket-website'])['websiteEndpoint'] || objectAt(composite, 'status')['website']
  return typeof value === 'string' ? { website: value } : {}
}

function atProvider (object: Json | undefined): Json {
  return objectAt(objectAt(object, 'status'), 'atProvider')
}

/** By its condition Ready, when that is about the object as it is now; a ConfigMap as soon as it is there. */
function isReady (object: Json | undefined): boolean {
  if (object === undefined) return false
  if (object['kind'] === 'ConfigMap') return true
  const { conditions } = objectAt(object, 'status')
  const ready = Array.isArray(conditions) ? (conditions as Json[]).find(({ type }) => type === 'Ready') : undefined
  const { observedGeneration = 0 } = ready ?? {}
  const { generation } = objectAt(object, 'metadata')
  return ready?.['status'] === 'True' && (observedGeneration === 0 || observedGeneration === generation)
}
