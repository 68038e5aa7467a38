// What the components of a plane are started with. Pure: starting them is control-plane.ts.
import { tokenIssuer } from './token.ts'

export type ComponentName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok'

export interface Ports {
  etcd: number
  etcdPeer: number
  apiServer: number
}

/** The files of a plane, in its directory. */
export const files = {
  adminKubeconfig: 'kubeconfig',
  auditLog: 'audit.log',
  auditPolicy: 'audit-policy.json',
  caCertificate: 'ca.crt',
  caKey: 'ca.key',
  serverCertificate: 'server.crt',
  serverKey: 'server.key',
  serviceAccountKey: 'service-account.key',
  tokens: 'tokens.csv'
}

/** `member` is a name that no other etcd has: whoever answers at the port is known by it. */
export function etcdArguments (dir: string, ports: Ports, member: string): string[] {
  const client = `http://127.0.0.1:${ports.etcd}`
  const peer = `http://127.0.0.1:${ports.etcdPeer}`
  return [
    `--name=${member}`, `--data-dir=${dir}/etcd`, '--unsafe-no-fsync',
    `--listen-client-urls=${client}`, `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=${member}=${peer}`
  ]
}

export function apiServerArguments (dir: string, ports: Ports, { audit, flags }: { audit: boolean, flags: string[] }): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`, '--bind-address=127.0.0.1', `--secure-port=${ports.apiServer}`,
    `--cert-dir=${dir}`, `--tls-cert-file=${dir}/${files.serverCertificate}`, `--tls-private-key-file=${dir}/${files.serverKey}`,
    `--client-ca-file=${dir}/${files.caCertificate}`, `--token-auth-file=${dir}/${files.tokens}`,
    `--service-account-key-file=${dir}/${files.serviceAccountKey}`, `--service-account-signing-key-file=${dir}/${files.serviceAccountKey}`,
    `--service-account-issuer=${tokenIssuer}`,
    '--authorization-mode=Node,RBAC', '--allow-privileged=true', '--service-cluster-ip-range=10.0.0.0/16', '--profiling=false',
    // There is no kube-proxy: with this the API server dials the endpoints of a webhook's Service itself.
    '--enable-aggregator-routing=true',
    // The endpoint of the Service `kubernetes` must not be a loopback address, and ours is.
    '--endpoint-reconciler-type=none',
    ...(audit ? [`--audit-policy-file=${dir}/${files.auditPolicy}`, `--audit-log-path=${dir}/${files.auditLog}`] : []),
    ...flags
  ]
}

export function controllerManagerArguments (dir: string): string[] {
  return [
    `--kubeconfig=${dir}/${files.adminKubeconfig}`, '--leader-elect=false', '--secure-port=0', '--profiling=false',
    '--use-service-account-credentials=true', `--service-account-private-key-file=${dir}/${files.serviceAccountKey}`,
    `--root-ca-file=${dir}/${files.caCertificate}`,
    `--cluster-signing-cert-file=${dir}/${files.caCertificate}`, `--cluster-signing-key-file=${dir}/${files.caKey}`,
    // The default of 20 requests a second makes hundreds of Deployments wait for it.
    '--kube-api-qps=300', '--kube-api-burst=600'
  ]
}

export function schedulerArguments (dir: string): string[] {
  return [`--kubeconfig=${dir}/${files.adminKubeconfig}`, '--leader-elect=false', '--secure-port=0', '--profiling=false']
}

export function kwokArguments (dir: string, stages: string): string[] {
  return [
    `--config=${stages}`, `--kubeconfig=${dir}/${files.adminKubeconfig}`, '--manage-all-nodes=true', '--node-ip=127.0.0.1',
    '--node-lease-duration-seconds=40'
  ]
}

/** The one node. kwok plays its kubelet. */
export const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'n0',
    annotations: { 'kwok.x-k8s.io/node': 'fake' },
    labels: { 'kubernetes.io/hostname': 'n0', 'kubernetes.io/os': 'linux' }
  },
  status: capacity({ cpu: '1000', memory: '4Ti', pods: '100000' })
}

function capacity (resources: Record<string, string>) {
  return { allocatable: resources, capacity: resources }
}
