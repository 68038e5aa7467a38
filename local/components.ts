// What the components of a plane are started with. Pure: starting them is control-plane.ts.
import { tokenIssuer } from './token.ts'

export type ComponentName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok' |
  'cell' | 'containerd' | 'kubelet' | 'kube-proxy'

export interface Ports {
  etcd: number
  etcdPeer: number
  apiServer: number
}

/** Where the API server and the Services of a plane are. */
export interface Reach {
  /** The address at which the API server listens. */
  address: string
  services: string
  /** The first address of `services`, which is that of the Service `kubernetes`. */
  apiService: string
  /** Whether a kube-proxy makes Services reachable, from this machine too. */
  proxied: boolean
}

/** Of a plane without a real node. */
export const loopback: Reach = { address: '127.0.0.1', services: '10.0.0.0/16', apiService: '10.0.0.1', proxied: false }

/** The files of a plane, in its directory. */
export const files = {
  adminKubeconfig: 'kubeconfig',
  auditLog: 'audit.log',
  auditPolicy: 'audit-policy.json',
  caCertificate: 'ca.crt',
  caKey: 'ca.key',
  kubeletClientCertificate: 'kubelet-client.crt',
  kubeletClientKey: 'kubelet-client.key',
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

export interface ApiServerOptions {
  audit: boolean
  flags: string[]
  reach: Reach
}

export function apiServerArguments (dir: string, ports: Ports, { audit, flags, reach }: ApiServerOptions): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`, `--bind-address=${reach.address}`, `--secure-port=${ports.apiServer}`,
    `--cert-dir=${dir}`, `--tls-cert-file=${dir}/${files.serverCertificate}`, `--tls-private-key-file=${dir}/${files.serverKey}`,
    `--client-ca-file=${dir}/${files.caCertificate}`, `--token-auth-file=${dir}/${files.tokens}`,
    `--service-account-key-file=${dir}/${files.serviceAccountKey}`, `--service-account-signing-key-file=${dir}/${files.serviceAccountKey}`,
    `--service-account-issuer=${tokenIssuer}`,
    '--authorization-mode=Node,RBAC', '--allow-privileged=true', `--service-cluster-ip-range=${reach.services}`, '--profiling=false',
    ...(reach.proxied ? proxiedArguments(dir, reach) : directArguments),
    ...(audit ? [`--audit-policy-file=${dir}/${files.auditPolicy}`, `--audit-log-path=${dir}/${files.auditLog}`] : []),
    ...flags
  ]
}

function proxiedArguments (dir: string, { address }: Reach): string[] {
  return [
    `--advertise-address=${address}`, '--endpoint-reconciler-type=lease', '--kubelet-preferred-address-types=InternalIP',
    `--kubelet-client-certificate=${dir}/${files.kubeletClientCertificate}`, `--kubelet-client-key=${dir}/${files.kubeletClientKey}`
  ]
}

const directArguments = [
  // There is no kube-proxy: with this the API server dials the endpoints of a webhook's Service itself.
  '--enable-aggregator-routing=true',
  // The endpoint of the Service `kubernetes` must not be a loopback address, and ours is.
  '--endpoint-reconciler-type=none'
]

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

/** The one node of a plane, real or not. */
export const nodeName = 'n0'

/** The node whose kubelet kwok plays. */
export const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: nodeName,
    annotations: { 'kwok.x-k8s.io/node': 'fake' },
    labels: { 'kubernetes.io/hostname': nodeName, 'kubernetes.io/os': 'linux' }
  },
  status: capacity({ cpu: '1000', memory: '4Ti', pods: '100000' })
}

function capacity (resources: Record<string, string>) {
  return { allocatable: resources, capacity: resources }
}
