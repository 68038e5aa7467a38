// A thread that loads a webhook server: so many connections, each with one request at a time, in a closed loop or at a fixed rate.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import type { Answer } from './answer.ts'
import { createCheck } from './answer-check.ts'
import { clockMs } from './clock.ts'
import { type Connection, openConnection } from './connection.ts'
import { cpuSeconds } from './proc.ts'
import { type Case, reviewOf } from './reviews.ts'

export interface LoadSettings {
  port: number
  path: string
  which: Case
  namespace: string
  connections: number
  /** Requests a second whatever becomes of them; 0: each connection sends the next when it has the answer. */
  rate: number
  /** How long a server may take until it can be connected to. */
  withinMs: number
  /** Not measured, at the start. */
  warmUpMs: number
  durationMs: number
  /** Whose CPU time is read. */
  pid: number
}

export interface LoadResult {
  /** For each answer when its request was to be sent (`clockMs`) and how many milliseconds later the answer was there: pairs. */
  samples: Float64Array
  errors: number
  firstError: string | undefined
  /** Due, but never sent, because the server was too far behind. */
  unserved: number
  seconds: number
  cpuSeconds: number
}

export interface Pace {
  rate: number
  durationMs: number
}

/** How long after the end requests that were due before it are still sent, and how long answers are waited for. */
const graceMs = 500
const patienceMs = 10_000

const settings = workerData as LoadSettings
const review = reviewOf(settings.which, settings.namespace)
const check = createCheck(settings.which, settings.namespace)
const connections = await connectAll(clockMs() + settings.withinMs)
if (settings.warmUpMs > 0) await drive(settings.warmUpMs)
const before = await cpuSeconds(settings.pid)
const result = await drive(settings.durationMs)
result.cpuSeconds = await cpuSeconds(settings.pid) - before
for (const connection of connections) connection.close()
parentPort?.postMessage(result, [result.samples.buffer as ArrayBuffer])

async function connectAll (untilMs: number): Promise<Connection[]> {
  // The first tells when the server is there.
  for (;;) {
    try {
      const first = await openConnection(settings, review)
      return [first, ...await Promise.all(Array.from({ length: settings.connections - 1 }, () => openConnection(settings, review)))]
    } catch (error) {
      if (clockMs() > untilMs) throw error
      await delay(2)
    }
  }
}

async function drive (durationMs: number): Promise<LoadResult> {
  const { rate } = settings
  const pacer = rate === 0 ? undefined : await startPacer({ rate, durationMs })
  const startMs = clockMs()
  const samples: number[] = []
  const outcome = { errors: 0, firstError: undefined as string | undefined, unserved: 0 }
  let inHand = 0

  function fail (fault: string): void {
    outcome.errors++
    outcome.firstError ??= fault
  }

  function send (connection: Connection, dueMs: number, next: (connection: Connection) => void): void {
    inHand++
    connection.send((answer: Answer | Error) => {
      const doneMs = clockMs()
      inHand--
      const fault = answer instanceof Error ? answer.message : check(answer.status, answer.body, connection.uid)
      if (fault === undefined) samples.push(dueMs, doneMs - dueMs)
      else fail(fault)
      next(connection)
    })
  }

  if (pacer === undefined) await closedLoop(startMs + durationMs, send)
  else outcome.unserved = await openLoop(pacer, { rate, durationMs }, startMs, send)
  const seconds = (clockMs() - startMs) / 1000
  await until(() => inHand === 0, clockMs() + patienceMs)
  if (inHand > 0) fail(`${inHand} requests without an answer after ${patienceMs / 1000} s`)
  return { samples: Float64Array.from(samples), seconds, cpuSeconds: 0, ...outcome }
}

async function until (holds: () => boolean, endMs: number): Promise<void> {
  while (!holds() && clockMs() < endMs) await delay(1)
}

type Send = (connection: Connection, dueMs: number, next: (connection: Connection) => void) => void

async function closedLoop (endMs: number, send: Send): Promise<void> {
  function again (connection: Connection): void {
    const nowMs = clockMs()
    if (nowMs < endMs) send(connection, nowMs, again)
  }
  for (const connection of connections) again(connection)
  await delay(endMs - clockMs())
}

async function startPacer (pace: Pace): Promise<Worker> {
  const pacer = new Worker(new URL('./pacer.ts', import.meta.url), { workerData: pace })
  await once(pacer, 'message')
  return pacer
}

/** Gives how many requests were never sent. */
async function openLoop (pacer: Worker, { rate, durationMs }: Pace, startMs: number, send: Send): Promise<number> {
  const total = Math.floor(durationMs * rate / 1000)
  const idle = [...connections]
  const progress = { due: 0, sent: 0, isOver: false }

  function sendDue (): void {
    while (!progress.isOver && progress.sent < progress.due) {
      const connection = idle.pop()
      if (connection === undefined) return
      send(connection, startMs + progress.sent++ * 1000 / rate, free)
    }
  }

  function free (connection: Connection): void {
    idle.push(connection)
    sendDue()
  }

  pacer.on('message', (due: number) => {
    progress.due = due
    sendDue()
  })
  pacer.postMessage(startMs)
  const endMs = startMs + durationMs
  await delay(endMs - clockMs())
  await until(() => progress.sent >= total, endMs + graceMs)
  progress.isOver = true
  await pacer.terminate()
  return total - progress.sent
}
