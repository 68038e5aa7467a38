// What a message is called and looks like in each of the places it is kept: log stream, object, log event, encryption context.

/** A message as it is stored: the body of an object, the attributes of an item. */
export interface MessageRecord {
  /** UUID version 7, lower case: sorts by time. https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7 */
  id: string
  /** RFC 3339, UTC, with milliseconds. */
  time: string
  namespace: string
  pod: string
  /** The log stream with the message's ciphertext. */
  stream: string
  message: string
}

/** A log event's text, as JSON in one line. */
export interface LogLine {
  id: string
  /** What KMS answered: the key, also when it was asked by an alias. */
  keyArn: string
  /** Whether the ciphertext needs the encryption context of its pod to be decrypted. */
  context: boolean
  /** Base64. */
  ciphertext: string
  /** What an asymmetric key was used with; absent: SYMMETRIC_DEFAULT. */
  algorithm?: string
}

/**
 * The stream of a pod, `NAMESPACE/POD/IP`; what a stream name may not have becomes a hyphen: colons, as in IPv6 addresses, and
 * asterisks. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html
 */
export function streamName (namespace: string, pod: string, ip: string): string {
  return `${namespace}/${pod}/${ip}`.replaceAll(/[:*]/g, '-')
}

/** What the keys of a namespace's objects begin with. */
export function objectPrefix (namespace: string): string {
  return `messages/${namespace}/`
}

/** An object's key: sorts by time within a namespace and is never used twice. */
export function objectKey ({ id, time, namespace, pod }: Pick<MessageRecord, 'id' | 'time' | 'namespace' | 'pod'>): string {
  return `${objectPrefix(namespace)}${time.slice(0, 10).replaceAll('-', '/')}/${id}.${pod}.json`
}

/** A log event's text; see `parseLogLine`. */
export function logLine ({ id, keyArn, context, ciphertext, algorithm }: LogLine): string {
  return JSON.stringify({ id, keyArn, context, ciphertext, ...algorithm !== undefined && { algorithm } })
}

/** Reads a log event's text; undefined when it is none of ours. Never throws. */
export function parseLogLine (text: string): LogLine | undefined {
  const value = parseObject(text)
  if (value === undefined || !areText(value, ['id', 'keyArn', 'ciphertext']) || typeof value['context'] !== 'boolean') return undefined
  const { id, keyArn, ciphertext } = value
  const algorithm = value['algorithm']
  return { id, keyArn, context: value['context'], ciphertext, ...typeof algorithm === 'string' && { algorithm } }
}

/** The body of an object; see `parseRecord`. */
export function formatRecord ({ id, time, namespace, pod, stream, message }: MessageRecord): string {
  return JSON.stringify({ id, time, namespace, pod, stream, message })
}

/** Reads the body of an object; undefined when it is none of ours. Never throws. */
export function parseRecord (text: string): MessageRecord | undefined {
  const value = parseObject(text)
  if (value === undefined || !areText(value, ['id', 'time', 'namespace', 'pod', 'stream', 'message'])) return undefined
  const { id, time, namespace, pod, stream, message } = value
  return { id, time, namespace, pod, stream, message }
}

/**
 * What a ciphertext is bound to, needed again to decrypt it; not secret: CloudTrail shows it.
 * https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 */
export function encryptionContext (namespace: string, pod: string): Record<string, string> {
  return { app: 'topicten', namespace, pod }
}

function parseObject (text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function areText<K extends string> (value: Record<string, unknown>, names: K[]): value is Record<K, string> & Record<string, unknown> {
  return names.every(name => typeof value[name] === 'string')
}
