// The workload's configuration: the seven variables that the webhook injects, and options; all validated at once.
import { isIP } from 'node:net'
import type { ParsedArn } from '../api/arn.ts'
import type { Fault } from '../api/fault.ts'
import { parseKeyArn } from '../api/key-arn.ts'
import { parseLogGroupArn } from '../api/log-group-arn.ts'
import type { InjectedVariable } from '../api/names.ts'
import { exampleRegion, judgeRegion } from '../api/region.ts'
import { parseStorageArn } from '../api/storage-arn.ts'
import type { Arns } from './clients.ts'
import { readVariables, type Variables } from './variables.ts'

export const layouts = ['objects', 'page'] as const
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export interface Config {
  arns: Arns
  /** Of the bucket; undefined: the region of the key. */
  region: string | undefined
  pod: { namespace: string, name: string, ip: string }
  /** A message comes this long after the one before, at random in between. */
  intervalMinMs: number
  intervalMaxMs: number
  /** How a bucket keeps messages: an object each, or together in one page. */
  layout: typeof layouts[number]
  /** The most messages a page has. */
  pageMessages: number
  /** Whether ciphertexts are bound to the pod. */
  encryptionContext: boolean
  forcePathStyle: boolean
  /** The longest that one attempt of one call may take; there is no other retry than ours (deliver.ts). */
  callTimeoutMs: number
  /** From SIGTERM to the end, at most. */
  shutdownDeadlineMs: number
  /** Undefined: every address. */
  httpAddress: string | undefined
  /** 0: no health and no metrics are served. */
  httpPort: number
  /** The age of the last success at which the process counts as not alive. */
  livenessMs: number
  logLevel: typeof logLevels[number]
}

/** Variables that cannot be used, one a line. The process exits with 78 (EX_CONFIG of sysexits.h). */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly exitCode = 78
}

/**
 * Reads the configuration from an environment. An empty variable counts as unset.
 * @throws {ConfigError} with a line for every variable that is wrong: its name, what was found, and what would be right.
 */
export function readConfig (environment: Readonly<Record<string, string | undefined>>): Config {
  const variables = readVariables(environment)
  const config = { ...readInjected(variables), ...readOptions(variables) }
  variables.problems.push(...judgeTogether(config))
  if (variables.problems.length > 0) throw new ConfigError(variables.problems.join('\n'))
  return config
}

type Injected = Pick<Config, 'arns' | 'region' | 'pod'>

function readInjected (variables: Variables): Injected {
  const text = (name: InjectedVariable, judge: (text: string) => Fault | undefined) => variables.text(name, judge)
  const storage = text('STORAGE_ARN', found => faultOf(parseStorageArn(given(found))))
  const key = text('AWS_KMS_ARN', found => faultOf(parseKeyArn(given(found))))
  const logGroup = text('AWS_LOG_GROUP_ARN', found => faultOf(parseLogGroupArn(given(found))))
  const region = text('AWS_REGION', found => judgeBucketRegion(found, storage))
  return {
    arns: { storage, key, logGroup },
    region: region === '' ? undefined : region,
    pod: {
      name: text('MY_POD_NAME', found => judgeName(found, 253, 'the name of the pod')),
      namespace: text('MY_POD_NAMESPACE', found => judgeName(found, 63, 'the namespace of the pod')),
      ip: text('MY_POD_IP', judgeAddress)
    }
  }
}

function readOptions (variables: Variables): Omit<Config, keyof Injected> {
  const seconds = (name: string, fallback: number, minimum: number, maximum = 86_400) =>
    variables.number(name, { fallback, minimum, maximum }) * 1000
  const flag = (name: string, fallback: 'true' | 'false') => variables.choice(name, ['true', 'false'], fallback) === 'true'
  const intervalMinMs = seconds('MESSAGE_INTERVAL_MIN_SECONDS', 30, 0.001)
  const intervalMaxMs = seconds('MESSAGE_INTERVAL_MAX_SECONDS', Math.max(60, intervalMinMs / 1000), 0.001)
  const httpAddress = variables.text('HTTP_ADDRESS', text => text === '' || isIP(text) !== 0 ? undefined : noAddress)
  return {
    intervalMinMs,
    intervalMaxMs,
    layout: variables.choice('STORAGE_LAYOUT', layouts, 'objects'),
    pageMessages: variables.number('PAGE_MESSAGES', { fallback: 100, minimum: 1, maximum: 10_000, whole: true }),
    encryptionContext: flag('ENCRYPTION_CONTEXT', 'true'),
    forcePathStyle: flag('S3_FORCE_PATH_STYLE', 'false'),
    callTimeoutMs: seconds('CALL_TIMEOUT_SECONDS', 5, 0.01, 600),
    shutdownDeadlineMs: seconds('SHUTDOWN_DEADLINE_SECONDS', 20, 0, 3600),
    httpAddress: httpAddress === '' ? undefined : httpAddress,
    httpPort: variables.number('HTTP_PORT', { fallback: 8080, minimum: 0, maximum: 65_535, whole: true }),
    livenessMs: seconds('LIVENESS_SECONDS', 5 * intervalMaxMs / 1000 + 60, 0.001, 10 * 86_400),
    logLevel: variables.choice('LOG_LEVEL', logLevels, 'info')
  }
}

/** What no variable shows alone. ARNs that are wrong themselves have been told of. */
function judgeTogether ({ arns, intervalMinMs, intervalMaxMs, layout }: Config): string[] {
  const problems: string[] = []
  const storage = parseStorageArn(arns.storage)
  const parsed = [storage, parseKeyArn(arns.key), parseLogGroupArn(arns.logGroup)].flatMap(found => found.ok ? [found.arn.partition] : [])
  if (new Set(parsed).size > 1) {
    problems.push(`STORAGE_ARN, AWS_KMS_ARN, AWS_LOG_GROUP_ARN: found the partitions ${parsed.join(', ')}; expected one, as credentials are for one`)
  }
  if (intervalMinMs > intervalMaxMs) {
    problems.push(`MESSAGE_INTERVAL_MAX_SECONDS: found ${intervalMaxMs / 1000}, which is less than MESSAGE_INTERVAL_MIN_SECONDS; expected at least ${intervalMinMs / 1000}`)
  }
  if (layout === 'page' && storage.ok && storage.arn.kind === 'table') {
    problems.push('STORAGE_LAYOUT: found "page", which is for buckets, with a table in STORAGE_ARN; expected objects, or a bucket')
  }
  return problems
}

function given (text: string): string | undefined {
  return text === '' ? undefined : text
}

function faultOf (parsed: ParsedArn): Fault | undefined {
  return parsed.ok ? undefined : { fault: parsed.fault, expected: parsed.expected }
}

/** Only a bucket needs it, and the region of the key stands in for it. */
function judgeBucketRegion (region: string, storage: string): Fault | undefined {
  const parsed = parseStorageArn(storage)
  if (region === '' || !parsed.ok || parsed.arn.kind !== 'bucket') return undefined
  const verdict = judgeRegion(region, parsed.arn.partition)
  if (typeof verdict === 'string') return undefined
  return { fault: verdict.fault, expected: `the region of the bucket, such as ${exampleRegion(parsed.arn.partition)}` }
}

const noAddress: Fault = { fault: 'is no IP address', expected: 'an IPv4 or IPv6 address' }

function judgeAddress (text: string): Fault | undefined {
  if (text === '') return { fault: 'is missing', expected: 'the IP address of the pod' }
  return isIP(text) === 0 ? noAddress : undefined
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
function judgeName (text: string, maxLength: number, what: string): Fault | undefined {
  if (text === '') return { fault: 'is missing', expected: what }
  if (text.length <= maxLength && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text)) return undefined
  return { fault: 'is no Kubernetes name', expected: `${what}: at most ${maxLength} lower-case letters, digits, hyphens and dots` }
}
