import t from 'tap'
import { settingsObjects } from '../../../local/argocd/settings.ts'

await t.test('settings are the ConfigMaps and the Secret that Argo CD reads, the password of each user with the time it was set', async t => {
  const objects = settingsObjects(
    { cm: { 'accounts.reader': 'login' }, rbac: { 'policy.csv': 'p' } },
    { serverKey: 'key', hashes: { admin: 'hash-1', reader: 'hash-2' } },
    Date.UTC(2026, 0, 2)
  )
  const metadata = (name: string) => ({ name, namespace: 'argocd', labels: { 'app.kubernetes.io/part-of': 'argocd' } })
  t.strictSame(objects, [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('argocd-cm'), data: { 'accounts.reader': 'login' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('argocd-rbac-cm'), data: { 'policy.csv': 'p' } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('argocd-secret'),
      stringData: {
        'server.secretkey': 'key',
        'admin.password': 'hash-1',
        'admin.passwordMtime': '2026-01-02T00:00:00.000Z',
        'accounts.reader.password': 'hash-2',
        'accounts.reader.passwordMtime': '2026-01-02T00:00:00.000Z'
      }
    }
  ])
})
