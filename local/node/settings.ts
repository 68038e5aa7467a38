// What the programs of a node are started with. Pure.
import { join } from 'node:path'
import { stateFolder } from '../cgroups.ts'
import { files, nodeName } from '../components.ts'
import { pluginFolder } from '../requirements.ts'
import type { Network } from './network.ts'

/** Of a node in the directory of its plane. */
export function nodeFiles (dir: string) {
  const at = (name: string) => join(dir, 'node', name)
  return {
    folder: at(''),
    socket: at('containerd.sock'),
    containerd: at('containerd.toml'),
    containerdRoot: at('containerd'),
    containerdState: join(dir, stateFolder),
    plugins: at('cni'),
    addresses: at('addresses'),
    kubelet: at('kubelet.json'),
    kubeletRoot: at('kubelet'),
    podLogs: at('pod-logs'),
    volumePlugins: at('volume-plugins'),
    certificates: at('certificates')
  }
}

/** https://github.com/containerd/containerd/blob/release/1.6/docs/cri/config.md */
export function containerdConfig (dir: string, { pauseImage, snapshotter }: { pauseImage: string, snapshotter: string }): string {
  const { socket, containerdRoot, containerdState, plugins } = nodeFiles(dir)
  const text = JSON.stringify
  return `version = 2
root = ${text(containerdRoot)}
state = ${text(containerdState)}
[grpc]
address = ${text(socket)}
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = ${text(pauseImage)}
disable_apparmor = true
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = ${text(snapshotter)}
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = ${text(pluginFolder)}
conf_dir = ${text(plugins)}
`
}

/**
 * https://www.cni.dev/docs/spec/#section-1-network-configuration-format: a link of its own for each pod, no bridge, so that
 * every packet is routed and passes the rules of kube-proxy.
 */
export function pluginConfig (dir: string, { pods }: Network): object {
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [{
      type: 'ptp',
      ipam: { type: 'host-local', dataDir: nodeFiles(dir).addresses, ranges: [[{ subnet: pods }]], routes: [{ dst: '0.0.0.0/0' }] }
    }]
  }
}

/** https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
export function kubeletConfig (dir: string, { node }: Network): object {
  const { socket, podLogs, volumePlugins } = nodeFiles(dir)
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: node,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: false }, x509: { clientCAFile: `${dir}/${files.caCertificate}` } },
    // Only our API server has a certificate to come in with.
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${socket}`,
    podLogsDir: podLogs,
    volumePluginDir: volumePlugins,
    // Nothing is reserved, whatever this machine's system of control groups.
    cgroupDriver: 'cgroupfs',
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    // A full disk of the person's is no reason to evict; zero is refused.
    evictionHard: { 'memory.available': '1Mi', 'nodefs.available': '1Mi', 'imagefs.available': '1Mi' },
    imageGCHighThresholdPercent: 100,
    // Pods find what they are told by address. There is no name server: who asks is refused at once, by the node.
    clusterDNS: [node],
    clusterDomain: 'cluster.local',
    resolvConf: '',
    // Ready is reported within a second instead of ten.
    nodeStatusUpdateFrequency: '1s'
  }
}

export function kubeletArguments (dir: string, { node }: Network): string[] {
  const { kubelet, kubeletRoot, certificates } = nodeFiles(dir)
  return [
    `--config=${kubelet}`, `--kubeconfig=${dir}/${files.adminKubeconfig}`, `--root-dir=${kubeletRoot}`, `--cert-dir=${certificates}`,
    `--hostname-override=${nodeName}`, `--node-ip=${node}`
  ]
}

export function proxyArguments (dir: string, { node, pods }: Network): string[] {
  return [
    `--kubeconfig=${dir}/${files.adminKubeconfig}`, '--proxy-mode=iptables', `--hostname-override=${nodeName}`, `--bind-address=${node}`,
    `--cluster-cidr=${pods}`, '--nodeport-addresses=primary',
    // The limits of connection tracking belong to the machine, not to a cell.
    '--conntrack-max-per-core=0', '--conntrack-min=0', '--conntrack-tcp-timeout-established=0', '--conntrack-tcp-timeout-close-wait=0'
  ]
}
