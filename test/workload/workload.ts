import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { parsePage } from '../../workload/page.ts'
import { runWorkload } from '../../workload/workload.ts'
import { keepLog } from '../fixtures/log.ts'
import { arns, loggedMessages, openAws, storedObjects, testConfig, useAws } from '../fixtures/workload.ts'

const never = new AbortController().signal
const byId = (a: { id: string }, b: { id: string }) => a.id < b.id ? -1 : 1
const seen = (messages: { id: string, stream: string, message: string }[]) =>
  messages.map(({ id, stream, message }) => ({ id, stream, message })).toSorted(byId)

t.test('messages are in the bucket as in the log, each under one id', async t => {
  const aws = await openAws(t)
  useAws(t, aws)
  const summary = await runWorkload({ config: testConfig(), logger: keepLog(), signal: never, limit: 3 })
  t.strictSame(summary, { complete: 3, givenUp: [] })
  t.strictSame(seen(loggedMessages(aws)), seen(storedObjects(aws)))
  t.match([...aws.objects('messages-of-tests')][0], [/^messages\/default\/\d{4}\/\d\d\/\d\d\/[0-9a-f-]{36}\.web-1\.json$/, { contentType: 'application/json' }])
})

t.test('messages are in the table as in the log, with the key that an alias stands for', async t => {
  const aws = await openAws(t)
  useAws(t, aws)
  const config = testConfig({ STORAGE_ARN: arns.table, AWS_KMS_ARN: arns.alias, MY_POD_IP: 'fd00::7' })
  await runWorkload({ config, logger: keepLog(), signal: never, limit: 3 })
  const texts = aws.items(arns.table).map(item => Object.fromEntries(Object.entries(item).map(([name, value]) => [name, String(value['S'])])))
  const items = texts.map(({ id = '', stream = '', message = '' }) => ({ id, stream, message }))
  t.strictSame(seen(loggedMessages(aws)), seen(items))
  t.match(aws.items(arns.table)[0], { keyArn: { S: arns.key }, stream: { S: 'default/web-1/fd00--7' }, time: { S: /Z$/ } })
})

t.test('four writers with ten messages each leave forty paragraphs on the page', async t => {
  const aws = await openAws(t)
  useAws(t, aws)
  const writers = ['a', 'b', 'c', 'd'].map(name => runWorkload({
    config: testConfig({ STORAGE_LAYOUT: 'page', MY_POD_NAME: name }), logger: keepLog(), signal: never, limit: 10
  }))
  t.strictSame(await Promise.all(writers), writers.map(() => ({ complete: 10, givenUp: [] })))
  const page = aws.objects('messages-of-tests').get('index.html')
  t.equal(page?.contentType, 'text/html; charset=utf-8')
  const entries = parsePage(page?.content.toString('utf8') ?? '') ?? []
  t.equal(entries.length, 40)
  const bare = (messages: { id: string, message: string }[]) => messages.map(({ id, message }) => ({ id, message })).toSorted(byId)
  t.strictSame(bare(entries), bare(loggedMessages(aws)))
})

t.test('it is alive until its last success is too old', async t => {
  const aws = await openAws(t)
  useAws(t, aws)
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  await once(free.close(), 'close')
  const stop = new AbortController()
  let ageMs = 0
  const interval = { MESSAGE_INTERVAL_MIN_SECONDS: '3600', MESSAGE_INTERVAL_MAX_SECONDS: '3600' }
  const config = testConfig({ ...interval, HTTP_ADDRESS: '127.0.0.1', HTTP_PORT: String(port), LIVENESS_SECONDS: '90' })
  const done = new Promise<void>(resolve => {
    const log = keepLog()
    const logger = { ...log, info: (fields: Record<string, unknown>, message: string) => { if (message === 'message complete') resolve() } }
    const running = runWorkload({ config, logger, signal: stop.signal, now: () => Date.now() + ageMs })
    t.teardown(async () => { stop.abort(); await running })
  })
  await done
  t.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200)
  ageMs = 120_000
  const answer = await fetch(`http://127.0.0.1:${port}/livez`)
  t.equal(answer.status, 503)
  t.match(await answer.text(), /^the last message was complete 12\d s ago; expected at most 90 s\n$/)
})

t.test('while AWS is away messages wait, and none is lost when it is back', async t => {
  const aws = await openAws(t)
  useAws(t, aws)
  const log = keepLog()
  aws.inject({ kinds: ['error', 'reset', 'lost'], operations: ['PutObject', 'PutLogEvents'], count: 12 })
  const summary = await runWorkload({ config: testConfig(), logger: log, signal: never, limit: 10 })
  t.strictSame(summary, { complete: 10, givenUp: [] })
  const once = new Map(loggedMessages(aws).map(message => [message.id, message]))
  t.strictSame(seen([...once.values()]), seen(storedObjects(aws)))
})
