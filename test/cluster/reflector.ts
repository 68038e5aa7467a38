import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { Test } from 'tap'
import { createClient } from '../../cluster/client.ts'
import { createReflector } from '../../cluster/reflector.ts'
import type { ReflectorOptions } from '../../cluster/reflector.ts'
import { listOf, objectOf, sendEvents, sendJson, sendStatus, startApiServer } from '../fixtures/api-server.ts'
import type { Asked } from '../fixtures/api-server.ts'
import { keepLog } from '../fixtures/log.ts'

interface Script {
  /** Answers the nth list (from 0). */
  list: (n: number, answer: ServerResponse, asked: Asked) => void
  /** Answers the nth watch (from 0). */
  watch: (n: number, answer: ServerResponse, asked: Asked) => void
}

/** A reflector of names with short delays, on a scripted API server. */
async function reflect (t: Test, script: Script, options: Partial<ReflectorOptions<string>> = {}) {
  let lists = 0
  let watches = 0
  const server = await startApiServer(t, (asked, answer) => {
    if (asked.query['watch'] === 'true') script.watch(watches++, answer, asked)
    else script.list(lists++, answer, asked)
  })
  const client = createClient(server.config, { timeoutMs: 1000 })
  const log = keepLog()
  const changes: string[] = []
  const waiting = new Map<string, () => void>()
  const reflector = createReflector<string>({
    client,
    path: '/things',
    project: ({ metadata: { name = '', resourceVersion } }) => `${name}@${resourceVersion}`,
    onChange ({ key, object, old }) {
      const told = object ?? `${key} gone, was ${old}`
      changes.push(told)
      waiting.get(told)?.()
    },
    backoff: { baseMs: 10, maxMs: 40 },
    steadyMs: 60_000,
    log,
    ...options
  })
  t.teardown(async () => {
    await reflector.stop()
    await client.close()
  })
  reflector.start()
  const seen = async (change: string) => {
    if (!changes.includes(change)) await new Promise<void>(resolve => waiting.set(change, resolve))
  }
  const versions = () => server.asked.map(({ query }) => query['watch'] === 'true' ? `watch ${query['resourceVersion']}` : 'list')
  return { server, reflector, changes, seen, versions, log, client }
}

const quiet = (_n: number, answer: ServerResponse): void => { sendEvents(answer) }

t.test('it lists once, then watches from there', async t => {
  const { server, reflector, changes, seen } = await reflect(t, {
    list: (_n, answer) => { sendJson(answer, listOf(5, [objectOf('a', 3)])) },
    watch: (_n, answer) => {
      sendEvents(answer, ['ADDED', objectOf('b', 6)], ['MODIFIED', objectOf('a', 7)], ['DELETED', objectOf('b', 8)], ['BOOKMARK', { metadata: { resourceVersion: '9' } }], ['ADDED', objectOf('c', 10)])
    }
  }, { query: { fieldSelector: 'x=y' }, random: () => 0.5 })
  await seen('c@10')
  t.strictSame(changes, ['a@3', 'b@6', 'a@7', 'ns/b gone, was b@6', 'c@10'])
  t.strictSame([reflector.size, [...reflector.values()], reflector.get('ns/a'), reflector.resourceVersion], [2, ['a@7', 'c@10'], 'a@7', '10'])
  t.strictSame(server.asked.map(({ query }) => query), [
    { fieldSelector: 'x=y', limit: '500' },
    { fieldSelector: 'x=y', allowWatchBookmarks: 'true', resourceVersion: '5', timeoutSeconds: '450', watch: 'true' }
  ])
})

t.test('it is synced when the last page is in', async t => {
  const second = Promise.withResolvers<() => void>()
  const { reflector, seen } = await reflect(t, {
    list: (n, answer) => {
      if (n === 0) sendJson(answer, listOf(5, [objectOf('a', 1)], 'next'))
      else second.resolve(() => { sendJson(answer, listOf(5, [objectOf('b', 2)])) })
    },
    watch: quiet
  })
  await seen('a@1')
  t.notOk(reflector.synced)
  const send = await second.promise
  send()
  await reflector.whenSynced()
  t.strictSame([reflector.synced, reflector.size], [true, 2])
})

t.test('a continue token that expired starts the list anew', async t => {
  const { reflector, versions } = await reflect(t, {
    list: (n, answer) => {
      if (n === 0) sendJson(answer, listOf(5, [objectOf('a', 1)], 'next'))
      else if (n === 1) sendStatus(answer, 410, 'Expired')
      else sendJson(answer, listOf(6, [objectOf('b', 2)]))
    },
    watch: quiet
  })
  await reflector.whenSynced()
  t.strictSame([[...reflector.values()], versions().slice(0, 3)], [['b@2'], ['list', 'list', 'list']])
})

t.test('a reset stream is resumed from the last version, a bookmark\'s too', async t => {
  const { versions, seen, reflector } = await reflect(t, {
    list: (_n, answer) => { sendJson(answer, listOf(5, [])) },
    watch: (n, answer) => {
      if (n === 1) { sendEvents(answer, ['ADDED', objectOf('b', 12)]); return }
      sendEvents(answer, ['ADDED', objectOf('a', 6)], ['BOOKMARK', { metadata: { resourceVersion: '11' } }])
      setTimeout(() => { answer.socket?.resetAndDestroy() }, 20)
    }
  })
  await seen('b@12')
  t.strictSame([versions(), reflector.relists], [['list', 'watch 5', 'watch 11'], 0])
})

const gone = {
  'a 410': (answer: ServerResponse) => { sendStatus(answer, 410, 'Expired') },
  'an ERROR event with 410': (answer: ServerResponse) => { sendEvents(answer, ['ERROR', { code: 410, reason: 'Expired' }]) },
  'a version from the future': (answer: ServerResponse) => {
    sendJson(answer, { code: 504, reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } }, 504)
  }
}
for (const [name, refuse] of Object.entries(gone)) {
  t.test(`${name} leads to a list that tells what was deleted and nothing twice`, async t => {
    let relists = 0
    const { changes, versions, seen, reflector } = await reflect(t, {
      list: (n, answer) => { sendJson(answer, n === 0 ? listOf(5, [objectOf('a', 1), objectOf('b', 2)]) : listOf(9, [objectOf('b', 2), objectOf('c', 8)])) },
      watch: (n, answer) => { if (n === 0) refuse(answer); else sendEvents(answer, ['ADDED', objectOf('d', 10)]) }
    }, { onRelist: () => { relists++ } })
    await seen('d@10')
    t.strictSame(changes, ['a@1', 'b@2', 'c@8', 'ns/a gone, was a@1', 'd@10'])
    t.strictSame([versions(), reflector.relists, relists], [['list', 'watch 5', 'list', 'watch 9'], 1, 1])
  })
}

t.test('an API server that is back and has forgotten the version is listed at once', async t => {
  const { seen, log } = await reflect(t, {
    list: (n, answer) => { sendJson(answer, listOf(5 + n, n === 0 ? [] : [objectOf('a', 6)])) },
    watch: (n, answer) => { if (n < 4) answer.socket?.destroy(); else if (n === 4) sendStatus(answer, 410, 'Expired'); else sendEvents(answer) }
  }, { backoff: { baseMs: 16, maxMs: 3_600_000 }, random: () => 1 })
  await seen('a@6')
  t.strictSame(log.lines.map(({ fields }) => fields['waitMs']), [16, 32, 64, 128, 16])
})

t.test('versions that are forgotten as soon as they are listed are listed ever more slowly', async t => {
  const { log } = await reflect(t, {
    list: (n, answer) => { sendJson(answer, listOf(5 + n, [])) },
    watch: (_n, answer) => { sendStatus(answer, 410, 'Expired') }
  }, { backoff: { baseMs: 4, maxMs: 3_600_000 }, random: () => 1 })
  while (log.lines.length < 5) await sleep(5)
  t.strictSame(log.lines.slice(0, 5).map(({ fields }) => fields['waitMs']), [4, 8, 16, 32, 64])
})

const passing = { 401: 'Unauthorized', 403: 'Forbidden', 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServiceUnavailable' }
for (const [status, reason] of Object.entries(passing)) {
  t.test(`a ${status} on the watch leads to no list`, async t => {
    const { versions, seen } = await reflect(t, {
      list: (_n, answer) => { sendJson(answer, listOf(5, [])) },
      watch: (n, answer) => { if (n < 2) sendStatus(answer, Number(status), reason); else sendEvents(answer, ['ADDED', objectOf('a', 6)]) }
    })
    await seen('a@6')
    t.strictSame(versions(), ['list', 'watch 5', 'watch 5', 'watch 5'])
  })
}

t.test('a list that fails is tried for ever', async t => {
  const { reflector, log } = await reflect(t, {
    list: (n, answer) => {
      if (n % 2 === 0 && n < 6) answer.socket?.destroy()
      else if (n < 6) answer.end('{"half"')
      else sendJson(answer, listOf(5, []))
    },
    watch: quiet
  })
  await reflector.whenSynced()
  t.ok(log.lines.filter(({ level, message }) => level === 'warn' && message === 'list failed').length >= 3)
})

t.test('Retry-After is waited for', async t => {
  let refusedAt = 0
  let waited = 0
  const { reflector } = await reflect(t, {
    list: (n, answer) => {
      if (n > 0) waited = performance.now() - refusedAt
      else refusedAt = performance.now()
      if (n === 0) sendStatus(answer, 429, 'TooManyRequests', { 'retry-after': '1' })
      else sendJson(answer, listOf(5, []))
    },
    watch: quiet
  })
  await reflector.whenSynced()
  t.ok(waited >= 990, `${waited} ms`)
})

t.test('a silent stream is opened again', async t => {
  const { versions, seen } = await reflect(t, {
    list: (_n, answer) => { sendJson(answer, listOf(5, [])) },
    watch: (n, answer) => { if (n === 0) sendEvents(answer); else sendEvents(answer, ['ADDED', objectOf('a', 6)]) }
  }, { idleMs: 50 })
  await seen('a@6')
  t.strictSame(versions(), ['list', 'watch 5', 'watch 5'])
})

t.test('watches that end at once are opened ever more slowly', async t => {
  const { server } = await reflect(t, {
    list: (_n, answer) => { sendJson(answer, listOf(5, [])) },
    watch: (_n, answer) => { answer.end() }
  }, { backoff: { baseMs: 100, maxMs: 10_000 } })
  await sleep(650)
  // At least 50, 100, 200 and 400 ms apart.
  t.ok(server.asked.length <= 5, `${server.asked.length} requests`)
})

t.test('a watch that ends after a steady life is opened at once', async t => {
  const { seen } = await reflect(t, {
    list: (_n, answer) => { sendJson(answer, listOf(5, [])) },
    watch: (n, answer) => { if (n < 5) answer.end(); else sendEvents(answer, ['ADDED', objectOf('a', 6)]) }
  }, { backoff: { baseMs: 3_600_000, maxMs: 3_600_000 }, steadyMs: 0 })
  await seen('a@6')
  t.pass('without an hour of waiting')
})

t.test('a line that is no event is survived', async t => {
  const { seen, versions } = await reflect(t, {
    list: (_n, answer) => { sendJson(answer, listOf(5, [])) },
    watch: (n, answer) => {
      if (n > 0) { sendEvents(answer, ['ADDED', objectOf('b', 7)]); return }
      sendEvents(answer, ['ADDED', objectOf('a', 6)])
      answer.write('<html>\n')
    }
  })
  await seen('b@7')
  t.strictSame(versions(), ['list', 'watch 5', 'watch 6'])
})

t.test('the age of the last event restarts with each sign of life', async t => {
  let ms = 0
  let bookmark = () => {}
  const { reflector } = await reflect(t, {
    list: (_n, answer) => { sendJson(answer, listOf(5, [])) },
    watch: (_n, answer) => {
      sendEvents(answer)
      bookmark = () => { sendEvents(answer, ['BOOKMARK', { metadata: { resourceVersion: '6' } }]) }
    }
  }, { now: () => ms })
  await reflector.whenSynced()
  ms = 5000
  t.equal(reflector.lastEventAgeSeconds, 5)
  while (reflector.resourceVersion !== '6') {
    bookmark()
    await sleep(5)
  }
  t.equal(reflector.lastEventAgeSeconds, 0)
})

t.test('waiting for the first list ends with the signal and with the stop', async t => {
  const { reflector } = await reflect(t, { list: () => {}, watch: quiet })
  const controller = new AbortController()
  const waiting = reflector.whenSynced(controller.signal)
  controller.abort(new Error('enough'))
  await t.rejects(waiting, { message: 'enough' })
  await t.rejects(reflector.whenSynced(controller.signal), { message: 'enough' })
  const forever = reflector.whenSynced()
  await reflector.stop()
  await t.rejects(forever, { message: 'reflector of /things stopped' })
})

t.test('a stop in the middle of a back-off does not wait for it', async t => {
  const { reflector, log, server } = await reflect(t, { list: (_n, answer) => { sendStatus(answer, 500, 'InternalError') }, watch: quiet },
    { backoff: { baseMs: 3_600_000, maxMs: 3_600_000 } })
  while (log.lines.length === 0) await sleep(1)
  await reflector.stop()
  reflector.start()
  t.strictSame([server.asked.length, log.lines.length], [1, 1])
})

t.test('ten thousand objects leave the event loop free between pages', async t => {
  let turns = 0
  const timer = setInterval(() => { turns++ }, 1)
  t.teardown(() => { clearInterval(timer) })
  const { reflector } = await reflect(t, {
    list: (n, answer) => { sendJson(answer, listOf(5, Array.from({ length: 500 }, (_, i) => objectOf(`o${n}-${i}`, i)), n < 19 ? `page-${n}` : '')) },
    watch: quiet
  })
  await reflector.whenSynced()
  t.equal(reflector.size, 10_000)
  t.ok(turns >= 10, `${turns} turns`)
})
