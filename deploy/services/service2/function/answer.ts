// Hands Crossplane's requests to compose.ts, and its decisions back in Crossplane's words.
import {
  type ComposeFunction, Ready, type Resource, Status, Target, getObservedComposedResources, getObservedCompositeResource
} from '@crossplane-org/function-sdk-typescript'
import { compose } from './compose.ts'

/** What a request asks for; an InvalidServiceTwoError becomes a fatal result, after which Crossplane changes nothing. */
export const answer: ComposeFunction = (request, response) => {
  const composed = Object.entries(getObservedComposedResources(request)).map(([name, { resource = {} }]) => [name, resource] as const)
  const { resource: composite = {} } = getObservedCompositeResource(request) ?? {}
  const { resources, status, waiting, condition } = compose({ composite, composed: Object.fromEntries(composed) })
  for (const [name, { resource, ready }] of Object.entries(resources)) {
    response.desired.resources[name] = resourceOf(resource, ready ? Ready.READY_TRUE : Ready.READY_FALSE)
  }
  const { apiVersion, kind } = composite
  response.desired.composite = resourceOf({ apiVersion, kind, status }, waiting ? Ready.READY_FALSE : Ready.READY_UNSPECIFIED)
  response.conditions.push({
    type: condition.type,
    status: condition.status ? Status.STATUS_CONDITION_TRUE : Status.STATUS_CONDITION_FALSE,
    reason: condition.reason,
    message: condition.message,
    target: Target.TARGET_COMPOSITE
  })
  return response
}

function resourceOf (resource: Record<string, unknown>, ready: Ready): Resource {
  return { resource, ready, connectionDetails: {} }
}
