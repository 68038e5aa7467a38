import t from 'tap'
import type { MessageRecord } from '../../workload/record.ts'
import { assumedKey, itemOf, keyOfTable } from '../../workload/table-key.ts'

type Attribute = [string, 'S' | 'N' | 'B']

const described = (hash?: Attribute, range?: Attribute) => ({
  KeySchema: [...hash ? [{ AttributeName: hash[0], KeyType: 'HASH' as const }] : [], ...range ? [{ AttributeName: range[0], KeyType: 'RANGE' as const }] : []],
  // An attribute of an index, which is none of the key's.
  AttributeDefinitions: [['other', 'B'] as const, hash, range].flatMap(one => one ? [{ AttributeName: one[0], AttributeType: one[1] }] : [])
})

const record: MessageRecord = {
  id: 'an-id', time: '2026-01-02T03:04:05.678Z', namespace: 'default', pod: 'web-1', stream: 'default/web-1/10.0.0.7', message: 'hello'
}
const plain = {
  id: { S: 'an-id' },
  time: { S: '2026-01-02T03:04:05.678Z' },
  namespace: { S: 'default' },
  pod: { S: 'web-1' },
  stream: { S: 'default/web-1/10.0.0.7' },
  message: { S: 'hello' },
  keyArn: { S: 'key' }
}

const fit: [string, ReturnType<typeof described>, Record<string, object>][] = [
  ['a hash key named id', described(['id', 'S']), plain],
  ['a hash key of another name', described(['pk', 'S']), { ...plain, pk: { S: 'an-id' } }],
  ['a range key for the time', described(['id', 'S'], ['time', 'S']), plain],
  ['a range key for the time as a number', described(['id', 'S'], ['time', 'N']), { ...plain, time: { N: '1767323045678' } }],
  ['a range key of another name', described(['pk', 'S'], ['sk', 'S']), { ...plain, pk: { S: 'an-id' }, sk: plain.time }],
  ['a numeric range key of another name', described(['id', 'S'], ['sk', 'N']), { ...plain, sk: { N: '1767323045678' } }],
  ['a range key that messages have', described(['pk', 'S'], ['pod', 'S']), { ...plain, pk: { S: 'an-id' } }],
  ['a range key named id', described(['pk', 'S'], ['id', 'S']), { ...plain, pk: { S: 'an-id' } }]
]
for (const [name, description, item] of fit) t.strictSame(itemOf(record, 'key', keyOfTable('t', description)), item, name)

t.strictSame(itemOf(record, 'key', assumedKey), plain, 'a key that is assumed')

const unfit: [string, ReturnType<typeof described> | undefined, string][] = [
  ['a numeric hash key', described(['id', 'N']), 'the hash key "id" of type N'],
  ['a binary hash key', described(['pk', 'B']), 'the hash key "pk" of type B'],
  ['a binary range key', described(['id', 'S'], ['sk', 'B']), 'the range key "sk" of type B'],
  ['a range key that would take a text\'s place', described(['id', 'S'], ['message', 'N']), 'the range key "message" of type N'],
  ['a hash key that would take a text\'s place', described(['message', 'S']), 'the hash key "message", the name of an attribute that messages have besides their id'],
  ['no hash key', described(), 'no hash key'],
  ['no description', undefined, 'no hash key']
]
for (const [name, description, fault] of unfit) {
  const message = `STORAGE_ARN: found the table "t", which has ${fault}; expected a hash key of type S, such as "id", and no range key or one of type S or N, such as "time"`
  t.throws(() => keyOfTable('t', description), { name: 'UnfitStorage', exitCode: 78, message }, name)
}
