import t from 'tap'
import { networkOf } from '../../../local/node/network.ts'

await t.test('a network has addresses for both ends of its link, for pods and for Services', async t => {
  t.strictSame(networkOf(5), {
    link: 'topicten5',
    address: '198.18.20.1',
    node: '198.18.20.2',
    pods: '198.18.21.0/24',
    services: '198.18.22.0/24',
    apiService: '198.18.22.1',
    proxied: true
  })
})

await t.test('no two networks share an address, and none leaves the range for benchmarks', async t => {
  const all = Array.from({ length: 64 }, (_, n) => networkOf(n))
  const ranges = all.flatMap(({ address, pods, services }) => [address, pods, services].map(text => text.split('.').slice(0, 3).join('.')))
  t.equal(new Set(ranges).size, 3 * 64)
  t.ok(ranges.every(range => /^198\.18\.\d+$/.test(range) && Number(range.split('.')[2]) < 256))
})
