// Argo CD's settings as it reads them: the objects that its chart would make of the same values. Pure.
import { argoNamespace } from './components.ts'

export interface ArgoSettings {
  /** What is in ConfigMap argocd-cm: users, health of kinds, diffs. */
  cm: Record<string, string>
  /** What is in ConfigMap argocd-rbac-cm: who may do what. */
  rbac: Record<string, string>
}

export interface Secrets {
  /** Signs the tokens of sessions. */
  serverKey: string
  /** The bcrypt hash of each local user's password. */
  hashes: Record<string, string>
}

/** `at`, in milliseconds, is when the passwords were set: tokens from before are void. */
export function settingsObjects ({ cm, rbac }: ArgoSettings, { serverKey, hashes }: Secrets, at: number): object[] {
  const passwords = Object.entries(hashes).flatMap(([user, hash]) => {
    const key = user === 'admin' ? 'admin' : `accounts.${user}`
    return [[`${key}.password`, hash], [`${key}.passwordMtime`, new Date(at).toISOString()]]
  })
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('argocd-cm'), data: cm },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('argocd-rbac-cm'), data: rbac },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('argocd-secret'),
      stringData: { 'server.secretkey': serverKey, ...Object.fromEntries(passwords) }
    }
  ]
}

function metadata (name: string): object {
  // Argo CD overlooks those without the label.
  return { name, namespace: argoNamespace, labels: { 'app.kubernetes.io/part-of': 'argocd' } }
}
