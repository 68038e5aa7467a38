import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import {
  encryptionContext, formatRecord, logLine, objectKey, objectPrefix, parseLogLine, parseRecord, streamName, type LogLine, type MessageRecord
} from '../../workload/record.ts'

const streams: [string, string, string, string][] = [
  ['IPv4', 'default', 'web-1', '10.0.0.7'],
  ['IPv6', 'default', 'web-1', 'fd00::10:7'],
  ['characters that a stream name may not have', 'a:b', 'c*d', '::1']
]
const named = ['default/web-1/10.0.0.7', 'default/web-1/fd00--10-7', 'a-b/c-d/--1']
streams.forEach(([name, ...parts], index) => t.equal(streamName(...parts), named[index], name))

const record: MessageRecord = {
  id: '01890000-0000-7000-8000-000000000000',
  time: '2026-01-02T03:04:05.678Z',
  namespace: 'default',
  pod: 'web-1',
  stream: 'default/web-1/10.0.0.7',
  message: 'hello'
}

t.test('an object\'s key has namespace, day, id and pod', async t => {
  t.equal(objectKey(record), 'messages/default/2026/01/02/01890000-0000-7000-8000-000000000000.web-1.json')
  t.ok(objectKey(record).startsWith(objectPrefix('default')))
})

t.test('records and log lines of any text are given back', async t => {
  const text = fc.string({ unit: 'binary' })
  const anyRecord = fc.record<MessageRecord>(
    { id: text, time: text, namespace: text, pod: text, stream: text, message: text }, { noNullPrototype: true })
  t.doesNotThrow(() => fc.assert(fc.property(anyRecord, made => isDeepStrictEqual(parseRecord(formatRecord(made)), made))))
  const anyLine = fc.record<LogLine>({ id: text, keyArn: text, context: fc.boolean(), ciphertext: text }, { noNullPrototype: true })
  t.doesNotThrow(() => fc.assert(fc.property(anyLine, fc.option(text), (made, algorithm) => {
    const line = algorithm === null ? made : { ...made, algorithm }
    return isDeepStrictEqual(parseLogLine(logLine(line)), line) && !logLine(line).includes('\n')
  })))
})

const junk = ['', 'null', '[]', '1', '"x"', '{}', '{"id":1,"keyArn":"k","context":true,"ciphertext":"c"}', '{"id":"i","keyArn":"k","context":"yes","ciphertext":"c"}', '{']
for (const text of junk) {
  t.equal(parseLogLine(text), undefined, `no log line: ${text}`)
  t.equal(parseRecord(text), undefined, `no record: ${text}`)
}

t.test('the encryption context is made of what a reader knows', async t => {
  t.strictSame(encryptionContext('default', 'web-1'), { app: 'topicten', namespace: 'default', pod: 'web-1' })
})
