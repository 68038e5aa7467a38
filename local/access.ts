// What anyone can do with a plane that runs, whoever started it: kubectl, helm, kubeconfigs, the audit log.
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { type AuditEvent, readAuditLog } from './audit.ts'
import { findBinary } from './binaries.ts'
import { runCommand } from './command.ts'
import { files } from './components.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { signToken } from './token.ts'

/** All that has to be known of a running plane; plain data, so that another process can be told. */
export interface PlaneAddress {
  /** Its directory: goes when the plane stops. */
  dir: string
  /** https://ADDRESS:PORT */
  server: string
  /** Where pods of a real node find what listens on this machine; without a real node 127.0.0.1. */
  hostAddress: string
  /** The certificate of its authority, PEM. */
  caData: string
  /** The path of a kubeconfig of system:masters. */
  kubeconfig: string
}

export interface ServiceAccountOptions {
  /**
   * An hour by default. Less than 600, which the API server refuses to give, is signed here. The API server allows
   * a minute for clocks that differ: a token is refused from 60 seconds after its expiry, so -61 is one that has expired.
   */
  expiresInSeconds?: number
  /** Another way to the API server, a proxy for instance. */
  server?: string
  /** Puts the token in a file beside the kubeconfig (its path + `.token`) for those who read it anew. */
  tokenFile?: boolean
}

export interface PlaneAccess extends PlaneAddress {
  /** Runs kubectl as the administrator and gives its output; rejects with its standard error. `input` is for `-f -`. */
  kubectl (args: string[], input?: string): Promise<string>
  /** Runs helm as the administrator; the first call may have to build it. */
  helm (args: string[]): Promise<string>
  /** Writes a kubeconfig for a ServiceAccount, which must exist, and gives its path. */
  serviceAccountKubeconfig (namespace: string, name: string, options?: ServiceAccountOptions): Promise<string>
  /** The audit log so far; a request is in it before its answer is sent. Rejects when the plane keeps none. */
  auditEvents (): Promise<AuditEvent[]>
}

/** Access to the plane at `address`. `env` is only read for the programs to use. */
export function accessPlane (address: PlaneAddress, env: NodeJS.ProcessEnv, onProgress?: (line: string) => void): PlaneAccess {
  const childEnv = planeEnvironment(address.dir, env)
  const kubectl = async (args: string[], input?: string) =>
    runCommand(await findBinary('kubectl', { env, onProgress }), args, { env: childEnv, input })
  return {
    ...address,
    kubectl,
    helm: async args => runCommand(await findBinary('helm', { env, onProgress }), args, { env: childEnv }),
    async serviceAccountKubeconfig (namespace, name, { expiresInSeconds = 3600, server = address.server, tokenFile = false } = {}) {
      const token = expiresInSeconds >= 600
        ? (await kubectl(['create', 'token', name, `--namespace=${namespace}`, `--duration=${expiresInSeconds}s`])).trim()
        : await ownToken(namespace, name, expiresInSeconds)
      const path = `${address.dir}/${namespace}-${name}-${randomUUID()}.kubeconfig`
      if (tokenFile) await writeFile(`${path}.token`, token, { mode: 0o600 })
      return writeKubeconfig(path, {
        server, caData: address.caData, namespace, user: tokenFile ? { tokenFile: `${path}.token` } : { token }
      })
    },
    auditEvents: () => readAuditLog(`${address.dir}/${files.auditLog}`)
  }

  async function ownToken (namespace: string, name: string, expiresInSeconds: number): Promise<string> {
    const [uid, key] = await Promise.all([
      kubectl(['get', 'serviceaccount', name, `--namespace=${namespace}`, '--output=jsonpath={.metadata.uid}']),
      readFile(`${address.dir}/${files.serviceAccountKey}`, 'utf8')
    ])
    return signToken(key, { namespace, name, uid, expiresInSeconds }, Date.now())
  }
}

/** The environment of a plane's programs: of the person's own nothing but the PATH, so no kubeconfig and no caches. */
export function planeEnvironment (dir: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { PATH: env['PATH'], TMPDIR: dir, HOME: dir, KUBECONFIG: `${dir}/${files.adminKubeconfig}` }
}
