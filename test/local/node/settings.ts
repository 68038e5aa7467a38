import t from 'tap'
import { networkOf } from '../../../local/node/network.ts'
import { containerdConfig, kubeletArguments, kubeletConfig, nodeFiles, pluginConfig, proxyArguments } from '../../../local/node/settings.ts'

const dir = '/tmp/plane'
const network = networkOf(0)

await t.test('all that the programs of a node write is in its folder', async t => {
  const texts = [
    containerdConfig(dir, { pauseImage: 'localhost/pause:1', snapshotter: 'native' }),
    JSON.stringify(kubeletConfig(dir, network)), JSON.stringify(pluginConfig(dir, network)),
    ...kubeletArguments(dir, network), ...proxyArguments(dir, network)
  ]
  const paths = texts.flatMap(text => text.match(/(?<![\w/:.])\/[a-z][\w./-]*/g) ?? []).filter(path => path !== '/usr/lib/cni')
  t.ok(paths.length > 8)
  t.strictSame(paths.filter(path => !path.startsWith(`${dir}/`)), [])
})

await t.test('containerd takes the pause image and the way of layers that it is told', async t => {
  const config = containerdConfig(dir, { pauseImage: 'localhost/pause:1', snapshotter: 'native' })
  t.match(config, 'sandbox_image = "localhost/pause:1"')
  t.match(config, 'snapshotter = "native"')
  t.match(config, `address = "${nodeFiles(dir).socket}"`)
})

await t.test('a kubelet lets only those in who have a certificate of the plane', async t => {
  t.match(kubeletConfig(dir, network), {
    address: network.node,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: false }, x509: { clientCAFile: `${dir}/ca.crt` } }
  })
})

await t.test('pods and kube-proxy agree on where pods are', async t => {
  t.match(pluginConfig(dir, network), { plugins: [{ ipam: { ranges: [[{ subnet: '198.18.1.0/24' }]] } }] })
  t.ok(proxyArguments(dir, network).includes('--cluster-cidr=198.18.1.0/24'))
})
