// The two webhooks as a Fastify plugin. It brings its own JSON parser and error answers; the application that registers it
// must only leave request logging off (0.7 times the throughput otherwise).
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { escapeText } from '../api/text.ts'
import { mutatePod, type Lookup } from './pod.ts'
import { errored, MalformedReview, parseReview, renderReview, type AdmissionRequest, type Outcome } from './review.ts'
import { validateTopicTen } from './validator.ts'

export interface WebhookLog {
  info (fields: object, message: string): void
  error (fields: object, message: string): void
}

/** The webhook's path without its slash, as metrics and log name it. */
export type WebhookName = 'validate-topicten' | 'mutate-pod'

export type Verdict = 'allowed' | 'patched' | 'denied' | 'errored'

export interface WebhooksOptions {
  lookup: Lookup
  log: WebhookLog
  /** Called once per answer with its HTTP code and the seconds it took from the parsed body on. Must not throw. */
  onAnswer?: (webhook: WebhookName, code: number, seconds: number, verdict: Verdict) => void
}

// An object is at most 3 MiB on its way into the API server, and the review of an update has two of them; the rest is for
// the envelope: user, groups, options.
const bodyLimit = 7 * 1024 * 1024

const json = 'application/json; charset=utf-8'

type Judge = (admission: AdmissionRequest, request: FastifyRequest) => Outcome | Promise<Outcome>

/**
 * Registers `POST /validate-topicten` and `POST /mutate-pod`. The answer is HTTP 200 with the uid echoed, whatever the
 * verdict; a 4xx that says why only for what is no AdmissionReview with a uid.
 */
export async function webhooks (app: FastifyInstance, { lookup, log, onAnswer = () => {} }: WebhooksOptions): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => { done(null, body) })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const code = error.statusCode ?? 500
    if (code >= 500) log.error({ err: error, path: request.url }, 'webhook failed')
    onAnswer(nameOf(request), code, 0, 'errored')
    return reply.code(code).type('text/plain; charset=utf-8').send(code >= 500 ? 'internal error\n' : `${error.message}\n`)
  })

  function serve (webhook: WebhookName, judge: Judge): void {
    app.post(`/${webhook}`, { bodyLimit }, async (request: FastifyRequest, reply: FastifyReply) => {
      const started = performance.now()
      const admission = parseReview(parseJson(request.body as Buffer))
      const outcome = await settle(admission, request, judge, log)
      const verdict = verdictOf(outcome)
      if (!outcome.allowed && verdict === 'denied') log.info(lineOf(webhook, admission, outcome.message), 'admission refused')
      onAnswer(webhook, 200, (performance.now() - started) / 1000, verdict)
      void reply.header('content-type', json)
      return renderReview(admission.uid, outcome)
    })
  }

  serve('validate-topicten', validateTopicTen)
  serve('mutate-pod', (admission, request) => mutatePod(admission, lookup, deadlineMs(request.query)))
}

/**
 * JSON as it is, `__proto__` and `constructor` among the keys: a pod may have them, and objects are never merged here, so
 * they are harmless. No content type parser of Fastify's: an error in one of those ends the connection.
 */
function parseJson (body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch (error) {
    throw new MalformedReview(`the body is no JSON: ${escapeText((error as Error).message)}`)
  }
}

async function settle (admission: AdmissionRequest, request: FastifyRequest, judge: Judge, log: WebhookLog): Promise<Outcome> {
  try {
    return await judge(admission, request)
  } catch (error) {
    log.error({ ...lineOf(nameOf(request), admission), err: error }, 'admission failed')
    return errored(500, `topicten could not judge this: ${escapeText(error instanceof Error ? error.message : String(error))}`)
  }
}

function lineOf (webhook: WebhookName, { uid, namespace, name }: AdmissionRequest, message?: string): object {
  return { webhook, requestUid: uid, namespace, name, ...message !== undefined && { refusal: message.slice(0, 2000) } }
}

function verdictOf (outcome: Outcome): Verdict {
  if (outcome.allowed) return outcome.patch === undefined ? 'allowed' : 'patched'
  return outcome.code >= 500 ? 'errored' : 'denied'
}

function nameOf (request: FastifyRequest): WebhookName {
  return request.url.startsWith('/validate-topicten') ? 'validate-topicten' : 'mutate-pod'
}

/** What the API server waits for a webhook that does not say: 10 s. */
const defaultTimeoutMs = 10_000

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000 }

/** How long a lookup may take: `?timeout=5s` of the path, as the API server writes it, less a tenth for the answer. */
export function deadlineMs (query: unknown): number {
  const timeout = typeof query === 'object' && query !== null && 'timeout' in query ? query.timeout : undefined
  if (typeof timeout !== 'string' || !/^(\d{1,6}(\.\d{1,9})?(ms|s|m))+$/.test(timeout)) return defaultTimeoutMs * 0.9
  let total = 0
  for (const [, count = '', unit = ''] of timeout.matchAll(/([\d.]+)(ms|s|m)/g)) total += Number(count) * (units[unit] ?? 0)
  return Math.min(total, 30_000) * 0.9
}
