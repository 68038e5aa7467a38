// What the pod webhook is told of a TopicTen: from the cache when that is of the pod's state, else from the API server.
import t from 'tap'
import { injectedHash } from '../../api/injected.ts'
import type { TopicTen } from '../../api/topicten.ts'
import type { Client } from '../../cluster/client.ts'
import { createLookup } from '../../server/lookup.ts'
import { toObject } from '../fixtures/referred.ts'
import { aTopicTen, goodSpec } from '../fixtures/topicten.ts'

const { targetarn: _, ...rest } = goodSpec
const { kmsarn, cloudwatcharn } = goodSpec
const arns = (table: string) => ({ targetarn: `arn:aws:dynamodb:eu-west-3:111122223333:table/${table}`, kmsarn, cloudwatcharn, region: 'eu-west-3' })

function referring (status: Partial<TopicTen['status']> = {}): TopicTen {
  return { ...aTopicTen(), spec: { ...rest, targetarnFrom: toObject('Box', 'a') }, status: { observedGeneration: 1, ...status } }
}

/** A lookup over a cache and an API server that has something newer; `asked` counts the questions to that one. */
function lookupOver (cached: TopicTen | undefined, newest: TopicTen) {
  const asked: string[] = []
  const client = { get: async (path: string) => { asked.push(path); return newest } } as unknown as Client
  return { lookup: createLookup(client, () => cached), asked }
}

await t.test('referred ARNs are those of the status', async t => {
  const { lookup, asked } = lookupOver(referring({ resolved: arns('a') }), referring())
  t.strictSame(await lookup('team', 'alpha', 1000, injectedHash(arns('a'))), arns('a'))
  t.strictSame(asked, [])
})

await t.test('a pod made for other ARNs than the cache has gets the newest', async t => {
  const { lookup, asked } = lookupOver(referring({ resolved: arns('a') }), referring({ resolved: arns('b') }))
  t.strictSame(await lookup('team', 'alpha', 1000, injectedHash(arns('b'))), arns('b'))
  t.strictSame(await lookup('team', 'alpha', 1000), arns('a'), 'a pod that does not say what it was made for is content')
  t.equal(asked.length, 1)
})

await t.test('before the first ARNs were found the reason is the condition\'s', async t => {
  const condition = { type: 'ArnsResolved', status: 'False', reason: 'NotFound', message: 'nowhere', observedGeneration: 1, lastTransitionTime: '' } as const
  t.strictSame(await lookupOver(undefined, referring({ conditions: [condition] })).lookup('team', 'alpha', 1000), { unresolved: 'nowhere' })
  t.match(await lookupOver(undefined, referring()).lookup('team', 'alpha', 1000), { unresolved: /not been looked up yet/ })
})
