// Decides whether the bearer of a token may do something here, by asking the API server who that is and what he may:
// https://kubernetes.io/docs/reference/access-authn-authz/webhook/ for TokenReview and SubjectAccessReview.
import { createHash } from 'node:crypto'
import type { V1SubjectAccessReview, V1TokenReview } from '@kubernetes/client-node'
import { escapeText } from '../api/text.ts'
import type { Client } from '../cluster/client.ts'
import { ApiError, ConnectionError } from '../cluster/errors.ts'
import type { Logger } from '../cluster/logger.ts'

/** `message` is for whoever asked. */
export type Verdict = { code: 200, user: string } | { code: 401 | 403 | 503, message: string }

export interface Guard {
  /** Never rejects. `verb` is that of a nonResourceURL: `get`, `put`. */
  judge (token: string, path: string, verb: string): Promise<Verdict>
}

export interface GuardOptions {
  client: Client
  /** How long an answer counts, in milliseconds: a yes 60,000, a no 10,000. That the API server could not be asked never counts. */
  allowedMs?: number
  refusedMs?: number
  /** Answers that are kept (1,000); the oldest go first. */
  mostKept?: number
  /** Questions at a time (4): whoever sends junk must not crowd out the operator's own requests. */
  mostAsked?: number
  /** Monotonic, in milliseconds. */
  now?: () => number
  log: Logger
}

const authentication = 'authentication.k8s.io/v1'
const authorization = 'authorization.k8s.io/v1'
/** Prometheus waits ten seconds for a scrape. */
const timeoutMs = 4_000
const unavailable: Verdict = { code: 503, message: 'the API server could not be asked who you are and what you may; try again' }

export function createGuard (options: GuardOptions): Guard {
  const { client, allowedMs = 60_000, refusedMs = 10_000, mostKept = 1_000, mostAsked = 4, now = () => performance.now(), log } = options
  const kept = new Map<string, { verdict: Verdict, until: number }>()
  const asked = new Map<string, Promise<Verdict>>()
  let failing = false

  async function ask (key: string, token: string, path: string, verb: string): Promise<Verdict> {
    try {
      const verdict = await review(client, token, path, verb)
      failing = false
      keep(key, verdict, verdict.code === 200 ? allowedMs : refusedMs)
      return verdict
    } catch (error) {
      // Not the error itself: an API server may quote the request, and the token is in that.
      if (!failing) log.error(kindOf(error), 'token and rights not reviewed')
      failing = true
      return unavailable
    } finally {
      asked.delete(key)
    }
  }

  function keep (key: string, verdict: Verdict, ms: number): void {
    kept.delete(key)
    kept.set(key, { verdict, until: now() + ms })
    const oldest = kept.size > mostKept ? kept.keys().next().value : undefined
    if (oldest !== undefined) kept.delete(oldest)
  }

  return {
    async judge (token, path, verb) {
      const key = createHash('sha256').update(`${verb} ${path}\n${token}`).digest('base64')
      const found = kept.get(key)
      if (found !== undefined && found.until > now()) return found.verdict
      const asking = asked.get(key)
      if (asking !== undefined) return await asking
      if (asked.size >= mostAsked) return unavailable
      const answer = ask(key, token, path, verb)
      asked.set(key, answer)
      return await answer
    }
  }
}

async function review (client: Client, token: string, path: string, verb: string): Promise<Verdict> {
  const { status: who } = await client.request<V1TokenReview>('POST', `/apis/${authentication}/tokenreviews`, {
    body: { apiVersion: authentication, kind: 'TokenReview', spec: { token } }, timeoutMs
  })
  if (who?.authenticated !== true) return { code: 401, message: 'the token is not one of this cluster, or has expired' }
  const { username: user = '', groups, uid, extra } = who.user ?? {}
  const { status: may } = await client.request<V1SubjectAccessReview>('POST', `/apis/${authorization}/subjectaccessreviews`, {
    body: { apiVersion: authorization, kind: 'SubjectAccessReview', spec: { user, groups, uid, extra, nonResourceAttributes: { path, verb } } },
    timeoutMs
  })
  if (may?.allowed === true) return { code: 200, user }
  const rule = `nonResourceURLs: ["${path}"], verbs: ["${verb}"]`
  return { code: 403, message: `${escapeText(user)} may not ${verb} ${path}: needs a ClusterRole with ${rule}, bound to it` }
}

function kindOf (error: unknown): Record<string, unknown> {
  if (error instanceof ApiError) return { status: error.status, reason: error.reason }
  return { code: error instanceof ConnectionError ? error.code : 'UNKNOWN' }
}
