// Checks that the API server serves the TopicTen with every field this operator knows: an older CRD would drop the others in silence.
// It reads what is published to every authenticated user, so it needs no right:
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
import { crd } from '../api/crd.ts'
import { apiVersion, group, kind, plural, version } from '../api/names.ts'
import type { Schema } from '../api/schema.ts'
import { pause } from '../cluster/backoff.ts'
import type { Client } from '../cluster/client.ts'
import { ApiError, isNotFound } from '../cluster/errors.ts'
import type { Logger } from '../cluster/logger.ts'

/** What is read of the OpenAPI document of our group and version. */
export interface Published {
  paths?: Record<string, unknown>
  components?: { schemas?: Record<string, Schema> }
}

export interface ServedCrd {
  start: () => void
  /** Looks again: the CRD may have been made anew. */
  check: () => void
  /** What is wrong with the CRD that is served, and what to do, in words; undefined when all is well. */
  readonly fault: string | undefined
  stop: () => Promise<void>
}

const remedy = 'apply the CRD of this version (kubectl apply --server-side --filename deploy/crds/topictens.yaml, or the chart with crds.enabled=true)'

/** Reads again each `everyMs` milliseconds (5,000) until all is well. Where it may not read, all counts as well. */
export function createServedCrd ({ client, everyMs = 5_000, log }: { client: Client, everyMs?: number, log: Logger }): ServedCrd {
  const ended = new AbortController()
  const { signal } = ended
  let fault: string | undefined = 'not read yet'
  let told: string | undefined
  let looking: Promise<void> | undefined

  async function look (): Promise<void> {
    while (!signal.aborted) {
      try {
        judge(faultOf(await read(client, signal)))
      } catch (error) {
        if (signal.aborted) return
        judgeError(error)
      }
      if (fault === undefined) return
      await pause(everyMs, signal)
    }
  }

  function judge (found: string | undefined): void {
    if (found === undefined && told !== undefined) log.info({}, 'the CRD is right now')
    // A CRD is in the document a second after it was made: what is found once is no error yet.
    const isLasting = found !== undefined && found === fault
    if (isLasting && found !== told) log.error({ fault: found }, 'the CRD that is served is not the one this operator needs')
    fault = found
    if (isLasting || found === undefined) told = found
  }

  function judgeError (error: unknown): void {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      log.warn({ err: error }, 'the CRD that is served is not checked: no right to read /openapi/v3 (ClusterRole system:discovery)')
      fault = undefined
    } else if (fault !== undefined) {
      log.debug({ err: error }, 'the CRD that is served could not be read')
    }
  }

  function check (): void {
    if (signal.aborted) return
    looking ??= look().finally(() => { looking = undefined })
  }

  return {
    start: check,
    check,
    get fault () { return fault },
    async stop () {
      ended.abort()
      await looking
    }
  }
}

/** undefined: this version of the kind is not served. */
async function read (client: Client, signal: AbortSignal): Promise<Published | undefined> {
  try {
    return await client.get<Published>(`/openapi/v3/apis/${apiVersion}`, { signal })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

const neededSchema: Schema = crd.spec.versions[0]?.schema.openAPIV3Schema ?? {}

/** What a published document lacks that this operator needs, and the remedy; more than is needed is fine. */
export function faultOf ({ paths = {}, components }: Published = {}): string | undefined {
  const schema = Object.values(components?.schemas ?? {}).find(isTopicTen)
  if (schema === undefined) return `${plural}.${group} does not serve ${version}: ${remedy}`
  const fields = ['spec', 'status'].flatMap(name => missingFields(neededSchema.properties?.[name] ?? {}, schema.properties?.[name], name))
  const hasStatus = Object.keys(paths).some(path => path.endsWith(`/${plural}/{name}/status`))
  const missing = hasStatus ? fields : [...fields, 'the subresource status']
  return missing.length === 0 ? undefined : `${plural}.${group} lacks ${missing.join(', ')}: ${remedy}`
}

function isTopicTen (schema: Schema): boolean {
  const kinds = schema['x-kubernetes-group-version-kind'] as Array<{ group: string, version: string, kind: string }> | undefined
  return (kinds ?? []).some(each => each.group === group && each.version === version && each.kind === kind)
}

/** The paths of the fields of `needed` that `served` has not; of those inside one that is missing nothing is said. */
export function missingFields (needed: Schema, served: Schema | undefined, path: string): string[] {
  if (served === undefined) return [path]
  if (served['x-kubernetes-preserve-unknown-fields'] === true) return []
  const fields = Object.entries(needed.properties ?? {}).flatMap(([name, field]) => missingFields(field, served.properties?.[name], `${path}.${name}`))
  const items = needed.items === undefined ? [] : missingFields(needed.items, served.items, `${path}[]`)
  const values = needed.additionalProperties === undefined ? [] : missingFields(needed.additionalProperties, served.additionalProperties, `${path}.*`)
  return [...fields, ...items, ...values]
}
