// Opens the AWS clients, each in the region of the ARN it is for; credentials and endpoints are the SDK's default chains.
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KMSClient } from '@aws-sdk/client-kms'
import { S3Client } from '@aws-sdk/client-s3'
import type { Arn, ParsedArn } from '../api/arn.ts'
import { parseKeyArn } from '../api/key-arn.ts'
import { parseLogGroupArn } from '../api/log-group-arn.ts'
import { parseStorageArn } from '../api/storage-arn.ts'
import { escapeText } from '../api/text.ts'

/** The three ARNs of a TopicTen, as text. */
export interface Arns {
  /** Of a bucket or a table. */
  storage: string
  /** Of a key or an alias. */
  key: string
  /** With or without `:*`. */
  logGroup: string
}

export interface ClientOptions {
  /** The longest that connecting, and waiting for an answer, may each take in one attempt. */
  callTimeoutMs: number
  /** For S3 endpoints that have a host name, but no host name per bucket. */
  forcePathStyle: boolean
  /** Attempts the SDK makes by itself; undefined: its default (three, or AWS_MAX_ATTEMPTS). */
  maxAttempts?: number
}

export type StorageClient =
  | { kind: 'bucket', client: S3Client, bucket: string }
  | { kind: 'table', client: DynamoDBClient, table: string }

export interface Clients {
  kms: KMSClient
  keyArn: string
  logs: CloudWatchLogsClient
  /** The group's name: the calls that write take no ARN. */
  logGroup: string
  /** A bucket by name; a table by ARN, so that it may be another account's. */
  storage: StorageClient
  /** Closes all connections; calls in flight fail. */
  destroy (): void
}

/**
 * Opens three clients; nothing is sent yet. The SDK does not follow an ARN's region by itself: a key of another region would
 * be "not found".
 * @param region for the bucket, whose ARN has none; undefined: that of the key. A wrong guess is mended by S3's redirect.
 * @throws {Error} when an ARN is not of its kind
 */
export function openClients (arns: Arns, region: string | undefined, options: ClientOptions): Clients {
  const storageArn = sound(parseStorageArn(arns.storage), arns.storage)
  const keyArn = sound(parseKeyArn(arns.key), arns.key)
  const groupArn = sound(parseLogGroupArn(arns.logGroup), arns.logGroup)
  const common = commonConfiguration(options)
  const kms = new KMSClient({ ...common, region: keyArn.region })
  const logs = new CloudWatchLogsClient({ ...common, region: groupArn.region })
  const storage: StorageClient = storageArn.kind === 'bucket'
    ? { kind: 'bucket', client: openS3(region ?? keyArn.region, common, options), bucket: storageArn.name }
    : { kind: 'table', client: new DynamoDBClient({ ...common, region: storageArn.region }), table: storageArn.text }
  return {
    kms,
    keyArn: keyArn.text,
    logs,
    logGroup: groupArn.name,
    storage,
    destroy () {
      for (const client of [kms, logs, storage.client]) client.destroy()
    }
  }
}

type Common = ReturnType<typeof commonConfiguration>

/** By default the SDK waits for ever: https://github.com/smithy-lang/smithy-typescript/tree/main/packages/node-http-handler */
function commonConfiguration ({ callTimeoutMs, maxAttempts }: ClientOptions) {
  return {
    requestHandler: {
      connectionTimeout: callTimeoutMs, requestTimeout: callTimeoutMs, socketTimeout: callTimeoutMs, throwOnRequestTimeout: true
    },
    ...maxAttempts !== undefined && { maxAttempts }
  }
}

function openS3 (region: string, common: Common, { forcePathStyle }: ClientOptions): S3Client {
  return new S3Client({ ...common, region, followRegionRedirects: true, forcePathStyle })
}

function sound (parsed: ParsedArn, text: string): Arn {
  if (parsed.ok) return parsed.arn
  throw new Error(`the ARN "${escapeText(text)}" ${parsed.fault}; expected ${parsed.expected}`)
}
