// The workload, wired together: a message now and then, until it is told to stop.
import { v7 } from 'uuid'
import { timedCalls, type Call } from './call.ts'
import { openClients, type Clients } from './clients.ts'
import { ConfigError, type Config } from './config.ts'
import type { Ports } from './deliver.ts'
import { createEncrypt } from './encrypt.ts'
import type { Logger } from './fault-log.ts'
import { judgeError } from './faults.ts'
import { openHealth, type Health } from './health.ts'
import { createJournal } from './journal.ts'
import { randomMessage } from './message.ts'
import { openStorage } from './open-storage.ts'
import { createPostman, type Postman } from './postman.ts'
import { encryptionContext, streamName, type MessageRecord } from './record.ts'
import { intervalMs, pause, pauseMs } from './schedule.ts'

export interface WorkloadOptions {
  config: Config
  logger: Logger
  /** When it aborts, the round in hand is finished, and the workload ends within `config.shutdownDeadlineMs`. */
  signal: AbortSignal
  /** Milliseconds since the epoch; by default the clock's. */
  now?: () => number
  /** After so many messages it stops as when it is told to; by default never. */
  limit?: number
}

/** How the messages of a run ended, and the ids of those that are not complete. */
export interface Summary {
  complete: number
  givenUp: string[]
}

/**
 * Runs until it is told to stop. Credentials and endpoints are those of the SDK's default chains. AWS may be away or refuse:
 * that is logged and counted.
 * @throws {UnfitStorage} when nothing was stored yet and the storage turns out to be unfit for ever
 * @throws {ConfigError} when the port cannot be had
 */
export async function runWorkload ({ config, logger, signal, now = Date.now, limit = Infinity }: WorkloadOptions): Promise<Summary> {
  const clients = openClients(config.arns, config.region, {
    callTimeoutMs: config.callTimeoutMs, forcePathStyle: config.forcePathStyle, maxAttempts: 1
  })
  const ports = openPorts(clients, config, timedCalls(config.callTimeoutMs))
  const postman = createPostman({ ports, logger, now, withProcess: config.httpPort !== 0 })
  const stopping = watchDeadline(signal, config.shutdownDeadlineMs)
  let health: Health | undefined
  try {
    health = await listen(config, postman, now)
    await postman.prepare(signal)
    for (let count = 1; !signal.aborted; count++) {
      const startedAt = now()
      await postman.send(newRecord(config, startedAt), signal, stopping.deadline)
      if (count >= limit) break
      await pause(pauseMs(startedAt, intervalMs(config.intervalMinMs, config.intervalMaxMs, Math.random()), now()), signal)
    }
    stopping.start()
    return await postman.finish(stopping.deadline)
  } finally {
    stopping.close()
    clients.destroy()
    await health?.close()
  }
}

/** https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/ */
async function listen (config: Config, postman: Postman, now: () => number): Promise<Health | undefined> {
  const { httpAddress: address, httpPort: port, livenessMs } = config
  if (port === 0) return undefined
  const live = (): string | undefined => staleness(now() - postman.lastSuccess(), livenessMs)
  try {
    return await openHealth({ address, port, live, registry: postman.registry })
  } catch (error) {
    const { words } = judgeError(error)
    throw new ConfigError(`HTTP_PORT: found ${port}, which cannot be listened on (${words}); expected a free port, or 0 for none`)
  }
}

function staleness (ageMs: number, limitMs: number): string | undefined {
  return ageMs <= limitMs ? undefined : `the last message was complete ${Math.round(ageMs / 1000)} s ago; expected at most ${limitMs / 1000} s`
}

function openPorts (clients: Clients, config: Config, call: Call): Ports {
  const { name, namespace, ip } = config.pod
  return {
    encrypt: createEncrypt({
      kms: clients.kms, keyArn: clients.keyArn, context: config.encryptionContext ? encryptionContext(namespace, name) : undefined, call
    }),
    storage: openStorage(clients.storage, config, call),
    writeEvent: createJournal({ logs: clients.logs, group: clients.logGroup, stream: streamName(namespace, name, ip), call })
  }
}

function newRecord ({ pod: { namespace, name, ip } }: Config, at: number): MessageRecord {
  return {
    id: v7({ msecs: at }),
    time: new Date(at).toISOString(),
    namespace,
    pod: name,
    stream: streamName(namespace, name, ip),
    message: randomMessage()
  }
}

/** A signal that aborts a while after another has, or after `start`. */
function watchDeadline (signal: AbortSignal, ms: number): { deadline: AbortSignal, start (): void, close (): void } {
  const ending = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const start = (): void => { timer ??= setTimeout(() => { ending.abort() }, ms) }
  if (signal.aborted) start()
  else signal.addEventListener('abort', start, { once: true })
  return {
    deadline: ending.signal,
    start,
    close () {
      clearTimeout(timer)
      signal.removeEventListener('abort', start)
    }
  }
}
