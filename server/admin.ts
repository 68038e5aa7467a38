// What only people and programs with rights may see or change, behind the guard: metrics, and the log level while it runs.
import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { escapeText } from '../api/text.ts'
import type { Logger } from '../cluster/logger.ts'
import { logLevels } from './config.ts'
import type { Guard } from './guard.ts'

/** A logger whose level can be read and set, as pino's. */
export type LevelLogger = Logger & { level: string }

export interface AdminOptions {
  guard: Guard
  registry: Registry
  log: LevelLogger
}

/** A level is one word. */
const bodyLimit = 1024

/**
 * `GET /metrics`, `GET` and `PUT /loglevel` (the level, or `{"level": "debug"}`). Nobody is answered, and no body read, before the
 * guard said yes; its rights are those of the nonResourceURL of the same path.
 */
export const admin: FastifyPluginAsync<AdminOptions> = async (app, { guard, registry, log }) => {
  const users = new WeakMap<FastifyRequest, string>()
  app.removeAllContentTypeParsers()
  // curl sends what it is given as a form.
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit }, (_request, body, done) => { done(null, body) })
  app.setErrorHandler((error: FastifyError, _request, reply) => say(reply, error.statusCode ?? 500, error.statusCode === undefined ? 'internal error' : error.message))

  app.addHook('onRequest', async (request, reply) => {
    const { url = '' } = request.routeOptions
    const token = tokenOf(request.headers.authorization)
    const verdict = token === undefined
      ? { code: 401 as const, message: 'needs a token: Authorization: Bearer TOKEN' }
      : await guard.judge(token, url, request.method.toLowerCase())
    if (verdict.code === 200) {
      users.set(request, verdict.user)
      return
    }
    if (verdict.code === 401) void reply.header('www-authenticate', 'Bearer')
    if (verdict.code === 503) void reply.header('retry-after', '1')
    return say(reply, verdict.code, verdict.message)
  })

  app.get('/metrics', async (_request, reply) => {
    void reply.type(registry.contentType)
    return await registry.metrics()
  })
  app.get('/loglevel', async (_request, reply) => say(reply, 200, log.level))
  app.put('/loglevel', async (request, reply) => {
    const level = levelOf(request.body)
    if (!logLevels.some(known => known === level)) {
      return say(reply, 400, `found ${escapeText(level)}; expected one of ${logLevels.join(', ')}`)
    }
    log.warn({ from: log.level, to: level, user: users.get(request) }, 'log level changed')
    log.level = level
    return say(reply, 200, level)
  })
}

function say (reply: FastifyReply, code: number, text: string): FastifyReply {
  return reply.code(code).header('cache-control', 'no-store').type('text/plain; charset=utf-8').send(`${text}\n`)
}

/** https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
function tokenOf (authorization: string | undefined): string | undefined {
  return /^Bearer +([-A-Za-z0-9._~+/]+=*) *$/i.exec(authorization ?? '')?.[1]
}

/** A level as it is, or in an object; whatever else is there, as text. */
function levelOf (body: unknown): string {
  const text = typeof body === 'string' ? body.trim() : ''
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'string') return parsed
    return typeof parsed === 'object' && parsed !== null && 'level' in parsed ? String(parsed.level) : text
  } catch {
    return text
  }
}
