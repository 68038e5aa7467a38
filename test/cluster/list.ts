import t from 'tap'
import type { Test } from 'tap'
import { createClient } from '../../cluster/client.ts'
import { listPages } from '../../cluster/list.ts'
import type { KubernetesObject } from '../../cluster/list.ts'
import { listOf, objectOf, sendJson, sendStatus, startApiServer } from '../fixtures/api-server.ts'
import type { Answerer } from '../fixtures/api-server.ts'

async function list (t: Test, answerer: Answerer, listMs = 10_000) {
  const server = await startApiServer(t, answerer)
  const client = createClient(server.config)
  t.teardown(() => client.close())
  const pages: (string | undefined)[][] = []
  const { signal } = new AbortController()
  const options = { client, path: '/x', query: { labelSelector: 'a=b' }, pageSize: 2, pageMs: 10_000, listMs, signal }
  const onPage = (items: KubernetesObject[]) => { pages.push(items.map(({ metadata }) => metadata.name)) }
  const version = listPages({ ...options, now: () => performance.now() }, onPage)
  return { version, pages, server }
}

t.test('pages are asked for one after the other, and the last one has the version', async t => {
  const { version, pages, server } = await list(t, ({ query }, answer) => {
    sendJson(answer, query['continue'] === undefined ? listOf(7, [objectOf('a', 1), objectOf('b', 2)], 'next') : listOf(8, [objectOf('c', 3)]))
  })
  t.equal(await version, '8')
  t.strictSame(pages, [['a', 'b'], ['c']])
  t.strictSame(server.asked.map(({ query }) => query), [{ labelSelector: 'a=b', limit: '2' }, { labelSelector: 'a=b', limit: '2', continue: 'next' }])
})

t.test('items may be null, as an empty list of some servers is', async t => {
  const { version, pages } = await list(t, (_asked, answer) => { sendJson(answer, { metadata: { resourceVersion: '3' }, items: null }) })
  t.strictSame([await version, pages], ['3', [[]]])
})

t.test('an expired continue token is the caller\'s to handle', async t => {
  const { version } = await list(t, ({ query }, answer) => {
    if (query['continue'] === undefined) sendJson(answer, listOf(7, [], 'next'))
    else sendStatus(answer, 410, 'Expired')
  })
  await t.rejects(version, { name: 'ApiError', status: 410 })
})

t.test('the same token twice is no progress', async t => {
  const { version, server } = await list(t, (_asked, answer) => { sendJson(answer, listOf(7, [], 'same')) })
  await t.rejects(version, { name: 'ConnectionError', code: 'ETIMEDOUT' })
  t.equal(server.asked.length, 2)
})

t.test('pages that never end are given up', async t => {
  let page = 0
  const { version } = await list(t, (_asked, answer) => { sendJson(answer, listOf(7, [], `token-${page++}`)) }, 100)
  await t.rejects(version, { name: 'ConnectionError', code: 'ETIMEDOUT' })
})

const noLists = { 'a page of text': '<html>', 'an object': '{}', 'a list without a version': '{"items":[]}', 'half a list': '{"items":[' }
for (const [name, body] of Object.entries(noLists)) {
  t.test(`${name} does not pass for an empty list`, async t => {
    const { version, pages } = await list(t, (_asked, answer) => {
      answer.writeHead(200, { 'content-type': body.startsWith('{') ? 'application/json' : 'text/html' })
      answer.end(body)
    })
    await t.rejects(version, { name: 'ConnectionError', code: 'EPROTO' })
    t.strictSame(pages, [])
  })
}
