// A local user of Argo CD at its API: logs in with a password, then runs its command line tool.
import { runCommand } from '../command.ts'

export interface ArgoSession {
  /** Runs `argocd ARGS` as this user and gives what it printed; rejects with its standard error. */
  run (args: string[]): Promise<string>
  /** GET of a path below /api/v1, parsed. */
  get<T> (path: string): Promise<T>
}

export interface SessionOptions {
  /** http://ADDRESS:PORT of argocd-server. */
  url: string
  /** The path of argocd. */
  argocd: string
  env: NodeJS.ProcessEnv
}

/** Rejects with Argo CD's own words when it does not know the user by this password. */
export async function logIn (user: string, password: string, { url, argocd, env }: SessionOptions): Promise<ArgoSession> {
  const answer = await fetch(`${url}/api/v1/session`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: user, password })
  })
  const { token } = await parsed<{ token: string }>(answer)
  const ofUser = { ...env, ARGOCD_SERVER: new URL(url).host, ARGOCD_AUTH_TOKEN: token, ARGOCD_OPTS: '--plaintext' }
  return {
    run: args => runCommand(argocd, args, { env: ofUser }),
    get: async path => parsed(await fetch(`${url}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } }))
  }
}

async function parsed<T> (answer: Response): Promise<T> {
  const body = await answer.json() as T & { message?: string }
  if (!answer.ok) throw new Error(`Argo CD answered ${answer.status}: ${body.message}`)
  return body
}
