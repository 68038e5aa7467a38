// Writes kubeconfig files (JSON, which every reader of YAML takes).
import { writeFile } from 'node:fs/promises'

export interface KubeconfigContent {
  /** https://… */
  server: string
  /** The authority's certificate, PEM. */
  caData: string
  namespace?: string
  /** Exactly one of the two says who we are. */
  user: { token: string } | { tokenFile: string }
}

/** Writes a kubeconfig with one cluster, one user and one context to `path`, readable by its owner alone. Gives the path. */
export async function writeKubeconfig (path: string, { server, caData, namespace, user }: KubeconfigContent): Promise<string> {
  await writeFile(path, JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'local', cluster: { server, 'certificate-authority-data': Buffer.from(caData).toString('base64') } }],
    users: [{ name: 'local', user }],
    contexts: [{ name: 'local', context: { cluster: 'local', user: 'local', ...(namespace === undefined ? {} : { namespace }) } }],
    'current-context': 'local'
  }, null, 2), { mode: 0o600 })
  return path
}
