// What the controller of sealed-secrets is started with, and the rights it works with. Pure: starting it is sealed-secrets.ts.

/** Where kubeseal looks for the controller, and under which name. */
export const sealingNamespace = 'kube-system'
export const controllerName = 'sealed-secrets-controller'

/**
 * `sh -c` with this runs the controller on files that it finds only where a pod has them. They are there in a name space of mounts of
 * its own, which goes with it; `folder` has `token`, `ca.crt` and `namespace`.
 */
export function controllerScript (controller: string, folder: string, args: string[]): string {
  const account = '/run/secrets/kubernetes.io/serviceaccount'
  return [
    'mount -t tmpfs -o mode=700 topicten /run', `mkdir -p ${account}`, `cp '${folder}'/* ${account}`,
    `exec '${controller}' ${args.join(' ')}`
  ].join(' && ')
}

export function controllerArguments (port: number, metricsPort: number): string[] {
  return [
    `--listen-addr=127.0.0.1:${port}`, `--listen-metrics-addr=127.0.0.1:${metricsPort}`,
    // A key for throw-away secrets is there sooner.
    '--key-size=2048', '--kubeclient-qps=50', '--kubeclient-burst=100'
  ]
}

/** The account of the controller, which may do what its own chart lets it. */
export function accountObjects (): object[] {
  const metadata = { name: controllerName, namespace: sealingNamespace }
  const rbac = 'rbac.authorization.k8s.io'
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: controllerName },
      rules: [
        { apiGroups: ['bitnami.com'], resources: ['sealedsecrets'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['bitnami.com'], resources: ['sealedsecrets/status'], verbs: ['update'] },
        { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch', 'create', 'update', 'delete'] },
        { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] }
      ]
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: controllerName },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: controllerName },
      subjects: [{ kind: 'ServiceAccount', ...metadata }]
    }
  ]
}
