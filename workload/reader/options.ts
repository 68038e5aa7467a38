// What the reader was asked for on the command line, and what its environment adds.
import { parseArgs } from 'node:util'
import type { Arn, ParsedArn } from '../../api/arn.ts'
import { parseKeyArn } from '../../api/key-arn.ts'
import { parseLogGroupArn } from '../../api/log-group-arn.ts'
import { judgeRegion } from '../../api/region.ts'
import { parseStorageArn } from '../../api/storage-arn.ts'
import { escapeText } from '../../api/text.ts'
import { parseSince } from './since.ts'

export type Layout = 'objects' | 'page'

export interface ReadOptions {
  storage: Arn
  key: Arn
  logGroup: Arn
  /** The bucket's region; undefined: the key's. */
  region: string | undefined
  namespace: string
  /** The TopicTen's. */
  name: string
  layout: Layout
  /** At how many messages the page is cut off (layout page). */
  pageMessages: number
  /** Only messages made at this time or later, in milliseconds since the epoch. */
  since: number | undefined
  json: boolean
  forcePathStyle: boolean
}

export type Env = Record<string, string | undefined>

/** The command line cannot be used: a line for each thing that is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const usage = `Usage: npm run workload -- read --namespace NS --name TOPICTEN [options]

Lists what the pods of a TopicTen wrote, decrypts what is in the log and says
message by message whether log and storage agree.

  --namespace NS      the TopicTen's namespace
  --name TOPICTEN     the TopicTen's name
  --storage ARN       the bucket or table (default: STORAGE_ARN)
  --key ARN           the KMS key or alias (default: AWS_KMS_ARN)
  --log-group ARN     the log group (default: AWS_LOG_GROUP_ARN)
  --region REGION     the bucket's region (default: AWS_REGION, else the key's)
  --layout LAYOUT     how a bucket is used: objects or page (default:
                      STORAGE_LAYOUT, else objects; a page is taken to be cut
                      off at PAGE_MESSAGES, 100 by default)
  --since WHEN        only messages since then: a duration such as 90s, 15m, 2h
                      or 1d, or a time such as 2026-08-01T12:00:00Z
  --json              print JSON instead of a table
  --force-path-style  address the bucket by path, as some emulators want it
  --help              print this

It needs the rights kms:Decrypt, logs:DescribeLogStreams, logs:GetLogEvents and,
for a bucket, s3:ListBucket and s3:GetObject; for a table, dynamodb:Scan.

Exit code: 0 all messages agree, 1 AWS could not be asked, 2 wrong usage,
3 a message is missing on a side, differs or cannot be decrypted.
`

/**
 * Reads the arguments that follow `read`; gives 'help' where they ask for it.
 * @param now milliseconds since the epoch, from which a duration counts back
 * @throws {UsageError} naming all that is wrong with them and what would be right.
 */
export function parseOptions (args: string[], env: Env, now: number): ReadOptions | 'help' {
  const flags = parseFlags(args)
  if (flags.help === true) return 'help'
  const faults: string[] = []
  const judge = <T>(judged: Judged<T>): T | undefined => {
    if ('value' in judged) return judged.value
    faults.push(judged.fault)
    return undefined
  }
  const options = {
    storage: judge(arnFrom('--storage', flags.storage, 'STORAGE_ARN', env, parseStorageArn)),
    key: judge(arnFrom('--key', flags.key, 'AWS_KMS_ARN', env, parseKeyArn)),
    logGroup: judge(arnFrom('--log-group', flags['log-group'], 'AWS_LOG_GROUP_ARN', env, parseLogGroupArn)),
    namespace: judge(nameFrom('--namespace', 'the TopicTen\'s namespace', flags.namespace, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)),
    name: judge(nameFrom('--name', 'the TopicTen\'s name', flags.name, /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/)),
    layout: judge(layoutFrom(flags.layout, env)),
    pageMessages: judge(pageMessagesFrom(env)),
    since: judge(sinceFrom(flags.since, now)),
    region: flags.region ?? (env['AWS_REGION'] || undefined),
    json: flags.json ?? false,
    forcePathStyle: flags['force-path-style'] ?? env['S3_FORCE_PATH_STYLE'] === 'true'
  }
  faults.push(...judgeTogether(options))
  if (faults.length > 0) throw new UsageError(faults.join('\n'))
  return options as ReadOptions
}

type Judged<T> = { value: T } | { fault: string }

function arnFrom (option: string, flag: string | undefined, variable: string, env: Env, parse: (text: unknown) => ParsedArn): Judged<Arn> {
  const text = flag ?? env[variable]
  if (text === undefined || text === '') {
    return { fault: `${option} is missing, and so is the variable ${variable}; expected an ARN` }
  }
  const parsed = parse(text)
  const where = flag === undefined ? variable : option
  return parsed.ok ? { value: parsed.arn } : { fault: `${where}: found "${escapeText(text)}", which ${parsed.fault}; expected ${parsed.expected}` }
}

function nameFrom (option: string, what: string, flag: string | undefined, form: RegExp): Judged<string> {
  if (flag === undefined) return { fault: `${option} is missing; expected ${what}` }
  if (flag.length <= 63 && form.test(flag)) return { value: flag }
  return { fault: `${option}: found "${escapeText(flag)}"; expected ${what}, lower-case letters, digits and hyphens, at most 63 characters` }
}

function layoutFrom (flag: string | undefined, env: Env): Judged<Layout> {
  const text = flag ?? (env['STORAGE_LAYOUT'] || 'objects')
  if (text === 'objects' || text === 'page') return { value: text }
  return { fault: `${flag === undefined ? 'STORAGE_LAYOUT' : '--layout'}: found "${escapeText(text)}"; expected objects or page` }
}

function pageMessagesFrom (env: Env): Judged<number> {
  const text = env['PAGE_MESSAGES'] || '100'
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1) return { value }
  return { fault: `PAGE_MESSAGES: found "${escapeText(text)}"; expected a whole number, at least 1` }
}

function sinceFrom (flag: string | undefined, now: number): Judged<number | undefined> {
  if (flag === undefined) return { value: undefined }
  const since = parseSince(flag, now)
  if (since !== undefined) return { value: since }
  return {
    fault: `--since: found "${escapeText(flag)}"; expected a duration such as 90s, 15m, 2h or 1d, or a time not to come such as 2026-08-01T12:00:00Z`
  }
}

interface Where {
  storage: Arn | undefined
  key: Arn | undefined
  logGroup: Arn | undefined
  region: string | undefined
  layout: Layout | undefined
}

/** Credentials are of one partition, and so is all that they open. */
function judgeTogether ({ storage, key, logGroup, region, layout }: Where): string[] {
  if (storage === undefined || key === undefined || logGroup === undefined) return []
  const partitions = [storage, key, logGroup].map(({ partition }) => partition)
  if (new Set(partitions).size > 1) return [`storage, key and log group are in the partitions ${partitions.join(', ')}; expected one partition`]
  if (storage.kind === 'bucket') return judgeBucketRegion(region, storage.partition)
  return layout === 'page' ? ['--layout (or STORAGE_LAYOUT): found "page" with a table; expected objects, or a bucket'] : []
}

function judgeBucketRegion (region: string | undefined, partition: string): string[] {
  const verdict = region === undefined ? 'listed' : judgeRegion(region, partition)
  if (typeof verdict === 'string') return []
  return [`--region (or AWS_REGION): found "${escapeText(region ?? '')}", which ${verdict.fault}; expected ${verdict.expected}`]
}

function parseFlags (args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        storage: { type: 'string' },
        key: { type: 'string' },
        'log-group': { type: 'string' },
        namespace: { type: 'string', short: 'n' },
        name: { type: 'string' },
        region: { type: 'string' },
        layout: { type: 'string' },
        since: { type: 'string' },
        json: { type: 'boolean' },
        'force-path-style': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' }
      }
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
