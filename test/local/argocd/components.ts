import t from 'tap'
import { argoEnvironment, componentArguments, components, redisConfiguration } from '../../../local/argocd/components.ts'

const ports = { redis: 1, repoServer: 2, repoServerMetrics: 3, controllerMetrics: 4, server: 5, serverMetrics: 6 }

await t.test('all listen on this machine alone, but for the metrics of the one that has no flag for it', async t => {
  const args = componentArguments('/dir', ports)
  t.strictSame(Object.keys(args), [...components])
  for (const name of ['argocd-repo-server', 'argocd-server'] as const) {
    const valueOf = (flag: string) => args[name][args[name].indexOf(flag) + 1]
    t.strictSame(['--address', '--metrics-address'].map(valueOf), ['127.0.0.1', '127.0.0.1'], name)
  }
  t.match(redisConfiguration('/dir', 1, 'password'), /^bind 127\.0\.0\.1$/m)
})

await t.test('Redis keeps nothing and lets nobody in without the password, which is no argument of any process', async t => {
  t.match(redisConfiguration('/dir', 1, 'password'), /^requirepass password$[^]*^save ""$/m)
  t.equal(argoEnvironment('/dir', 'password')['REDIS_PASSWORD'], 'password')
})

await t.test('all that is written is in its folder', async t => {
  const paths = Object.values(argoEnvironment('/dir', 'x')).filter(value => value?.startsWith('/'))
  t.ok(paths.length > 0 && paths.every(path => path?.startsWith('/dir/')))
})
