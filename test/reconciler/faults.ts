// What an API server can do to its clients, on a control plane of its own behind a proxy that breaks on demand: the operator goes on.
import { writeFile } from 'node:fs/promises'
import t from 'tap'
import { privateControlPlane } from '../fixtures/control-plane.ts'
import { type FaultProxy, type Match, startFaultProxy } from '../fixtures/fault-proxy.ts'
import { installChart, operatorEnvironment, runOperator } from '../fixtures/operator.ts'
import { startStage } from '../fixtures/stage.ts'

const plane = await privateControlPlane(t)
const proxy = await startFaultProxy(t, plane)
const stage = await startStage(t, {}, { plane, through: proxy.kubeconfig })
const { watcher, create, operator, seconds } = stage
const { until, condition } = watcher
const isDone = (name: string) => () => condition(name, 'CountedDown')?.reason === 'Done'
const writesOf = (name: string): Match => ({ method, path }) => method === 'PATCH' && path.includes(`/${name}`)
const isAlive = async () => (await fetch(`${operator.url}/livez`)).status

/** Counts a TopicTen down while the API server misbehaves, and says what was written to its Deployment. */
async function countDown (name: string, misbehave: (proxy: FaultProxy) => Promise<void> | void): Promise<number[]> {
  await create(name)
  await until('a step', () => watcher.replicas(name).includes(4))
  await misbehave(proxy)
  await until('done', isDone(name), 90_000)
  return watcher.replicas(name)
}

t.test('429 with Retry-After: it stays away as long as asked, then goes on', async t => {
  const seen = await countDown('busy', () => { proxy.refuse(writesOf('busy'), { status: 429, retryAfterSeconds: 1, times: 3 }) })
  t.strictSame(seen, [5, 4, 3, 2, 1])
  t.ok(proxy.count(writesOf('busy')) <= 3 + 1 + 4 + 8, `${proxy.count(writesOf('busy'))} requests`)
})

t.test('500 and 503: it backs off and goes on', async t => {
  const seen = await countDown('failing', async () => {
    const mended = proxy.refuse(writesOf('failing'), { status: 500 })
    await seconds(2)
    mended()
  })
  t.strictSame(seen, [5, 4, 3, 2, 1])
  t.ok(proxy.count(writesOf('failing')) <= 40, `no spinning: ${proxy.count(writesOf('failing'))} requests`)
})

t.test('an answer that is lost: the step is neither lost nor done twice', async t => {
  const seen = await countDown('unheard', () => { proxy.swallow(writesOf('unheard'), 3) })
  t.strictSame(seen, [5, 4, 3, 2, 1])
})

t.test('connections reset in the middle, then cut for a while: it comes back by itself', async t => {
  const before = proxy.requests.length
  const seen = await countDown('cut', async () => {
    proxy.reset()
    await seconds(0.5)
    proxy.cut()
    await seconds(3)
    t.equal(await isAlive(), 200, 'it answers meanwhile')
    proxy.mend()
  })
  t.strictSame(seen, [5, 4, 3, 2, 1])
  t.ok(proxy.requests.length - before < 200, `no spinning: ${proxy.requests.length - before} requests`)
})

t.test('silence: requests end at their deadline and the lease is given up, then it goes on', async t => {
  const seen = await countDown('silent', async () => {
    proxy.hang()
    await until('no longer leading', () => !operator.leading)
    t.equal(await isAlive(), 200)
    proxy.mend()
  })
  t.strictSame(seen, [5, 4, 3, 2, 1])
})

t.test('the API server killed and started again: it goes on', async t => {
  const seen = await countDown('killed', async () => {
    await plane.kill('kube-apiserver')
    await seconds(2)
    t.equal(await isAlive(), 200)
    await plane.restart('kube-apiserver')
  })
  t.strictSame(seen, [5, 4, 3, 2, 1])
})

t.test('etcd forgets its history while the watches are away: it lists anew and misses nothing', async t => {
  const relists = async () => /topicten_relists_total{kind="TopicTen"} (\d+)/.exec(await (await fetch(`${operator.url}/metrics`)).text())?.[1] ?? '0'
  const before = await relists()
  const seen = await countDown('compacted', async () => {
    proxy.cut()
    await create('unseen', { replicas: 2 })
    await plane.compact()
    await plane.restart('kube-apiserver')
    proxy.mend()
  })
  t.strictSame(seen, [5, 4, 3, 2, 1])
  await until('what came in the gap is done', isDone('unseen'))
  t.ok(Number(await relists()) > Number(before), 'listed anew')
})

t.test('faults are logged once each, and none ends the process', async t => {
  const errors = operator.log.lines.filter(({ level }) => level === 'error')
  t.ok(errors.length < 60, `${errors.length} lines`)
  t.ok(errors.every(({ fields }) => fields['err'] instanceof Error))
})

t.test('an expired token: it asks seldom until a new one is in the file, then goes on', async t => {
  const ns = `${stage.namespace}-expired`
  await plane.kubectl(['create', 'namespace', ns])
  await installChart(plane, ns)
  const expired = await plane.serviceAccountKubeconfig(ns, 'topicten', { expiresInSeconds: -61, tokenFile: true })
  const kubeconfig = await proxy.kubeconfig(expired)
  const other = await runOperator(t, { ...await operatorEnvironment(plane, ns), KUBECONFIG: kubeconfig })
  const before = proxy.requests.length
  await seconds(3)
  t.ok(proxy.requests.length - before < 60, `no spinning: ${proxy.requests.length - before} requests`)
  t.equal((await fetch(`${other.url}/readyz`)).status, 503)
  await writeFile(`${expired}.token`, (await plane.kubectl(['create', 'token', 'topicten', `--namespace=${ns}`])).trim())
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = setInterval(() => { void fetch(`${other.url}/readyz`).then(({ status }) => { if (status === 200) resolve() }) }, 100)
  await promise
  clearInterval(look)
  t.ok(other.log.lines.every(({ fields }) => !JSON.stringify(fields).includes('eyJ')), 'no token is logged')
})
