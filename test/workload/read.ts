import t from 'tap'
import { type Place, type PlaceOptions, type Written, createPlace, pods, start, startAws } from '../fixtures/written.ts'
import type { StoredObject } from '../../local/aws/s3-bucket.ts'
import { logLine, objectKey } from '../../workload/record.ts'
import { read } from '../../workload/read.ts'

const aws = await startAws(t)
const subject = ['--namespace', 'shop', '--name', 'demo']

await t.test('what pods wrote is verified, wherever they store', async t => {
  const places: Record<string, PlaceOptions> = {
    objects: {},
    'a page': { layout: 'page' },
    'a table': { kind: 'table' },
    'a table with a time as text': { kind: 'table', range: { name: 'time', type: 'S' } },
    'a table with a time as number': { kind: 'table', range: { name: 'time', type: 'N' } },
    'without encryption context': { context: false },
    'an asymmetric key': { keySpec: 'RSA_2048' }
  }
  for (const [name, options] of Object.entries(places)) {
    await t.test(name, async t => {
      const place = createPlace(t, aws, options)
      const written: Written[] = []
      for (const pod of [...pods, ...pods]) written.push(await place.write({ pod }))
      // None of these is this TopicTen's.
      await place.write({ pod: 'demo-2-7d4b9c6f5d-x2v4z' })
      await place.write({ pod: 'other-7d4b9c6f5d-x2v4z' })
      await place.write({ namespace: 'shop2' })
      const { code, messages, summary } = await readJson(place)
      t.equal(code, 0)
      t.strictSame(messages, written.map(({ id, time, pod, text }) => ({
        id, time: new Date(time).toISOString(), pod, state: 'verified', message: text, stored: 1, logged: 1
      })))
      t.match(summary, { messages: 6, pods: 3, agree: true, foreign: 0 })
    })
  }
})

await t.test('each request is signed for the region of its ARN', async t => {
  const place = createPlace(t, aws)
  await place.write({})
  const before = aws.calls.length
  await readJson(place)
  const regions = new Set(aws.calls.slice(before).map(({ operation, region }) => `${operation} ${region}`))
  t.strictSame([...regions].sort(), [
    'Decrypt eu-west-1', 'DescribeLogStreams eu-west-2', 'GetLogEvents eu-west-2', 'GetObject eu-west-3', 'ListObjectsV2 eu-west-3'
  ])
})

const elsewhere = `shop/${pods[1]}/10.0.0.1`

await t.test('what does not agree is told, and is the exit code', async t => {
  const cases: Record<string, [Partial<Written>, object, code?: number]> = {
    'not logged': [{ logged: false }, { state: 'stored-only', logged: 0 }],
    'not stored': [{ stored: false }, { state: 'logged-only', stored: 0 }],
    'ciphertext changed': [
      { line: line => ({ ...line, ciphertext: flip(line.ciphertext) }) },
      { state: 'undecryptable', reason: 'KMS refuses the ciphertext: changed, or made for another pod than this stream\'s' }
    ],
    'context denied': [
      { line: line => ({ ...line, context: false }) },
      { state: 'undecryptable', reason: 'KMS refuses the ciphertext: changed, or bound to an encryption context that its line does not admit' }
    ],
    'no base64': [{ line: line => ({ ...line, ciphertext: 'x' }) }, { state: 'undecryptable', reason: 'the line\'s ciphertext is no base64' }],
    'no ciphertext': [{ line: line => ({ ...line, ciphertext: '' }) }, { state: 'undecryptable', reason: 'the ciphertext has 0 bytes; KMS makes 1 to 6144' }],
    'no such algorithm': [
      { line: line => ({ ...line, algorithm: 'ROT13' }) },
      { state: 'undecryptable', reason: 'KMS takes the line\'s ciphertext or algorithm for malformed' }
    ],
    'no line of ours': [{ line: () => 'x' }, { state: 'stored-only' }],
    'only in the stream of another pod': [
      { stream: elsewhere, stored: false },
      { state: 'undecryptable', pod: pods[1], reason: /another pod than this stream's; not stored$/ }
    ],
    'just made and not logged': [{ logged: false, time: Date.now() }, { state: 'pending' }, 0]
  }
  for (const [name, [message, expected, code = 3]] of Object.entries(cases)) {
    await t.test(name, async t => {
      const place = createPlace(t, aws)
      const { id } = await place.write(message)
      const answer = await readJson(place)
      t.match(answer, { code, messages: [{ id, ...expected }] })
      t.equal(answer.messages.length, 1)
    })
  }
})

await t.test('a ciphertext copied to another pod\'s stream does not pass for that pod\'s', async t => {
  const place = createPlace(t, aws)
  let line = ''
  const { id } = await place.write({ line: original => (line = logLine(original)) })
  await place.write({ pod: pods[1], stored: false, line: () => line, time: start })
  const { code, messages } = await readJson(place)
  t.equal(code, 3)
  t.match(messages, [{ id, pod: pods[1], state: 'undecryptable' }, { id, pod: pods[0], state: 'verified' }])
  t.equal(messages.length, 2)
})

await t.test('a doubled log event is told, decrypted once and agrees', async t => {
  const place = createPlace(t, aws)
  let line = ''
  const { id } = await place.write({ line: original => (line = logLine(original)) })
  await place.write({ stored: false, line: () => line })
  const before = aws.calls.length
  const { code, messages } = await readJson(place)
  t.match({ code, messages }, { code: 0, messages: [{ id, state: 'duplicated', reason: 'logged 2 times', logged: 2 }] })
  t.equal(aws.calls.slice(before).filter(({ operation }) => operation === 'Decrypt').length, 1)
})

await t.test('a ciphertext of another key is not decrypted, though its line names that key', async t => {
  const [place, other] = [createPlace(t, aws), createPlace(t, aws)]
  let line = ''
  await other.write({ id: 'x', line: original => (line = logLine(original)) })
  await place.write({ id: 'x', line: () => line })
  t.match(await readJson(place), { code: 3, messages: [{ state: 'undecryptable', reason: `encrypted with another key, ${other.key}` }] })
})

await t.test('a stored object that was changed differs', async t => {
  const table: [(object: Buffer) => string, string][] = [
    [text => text.toString().replace('Message 1', 'Massage 1'), 'stored is "Massage 1"'],
    [() => 'no JSON', 'the object is no record of a message'],
    [text => text.toString().replace(pods[0], pods[1]), 'the object\'s record is not of the id, pod and namespace in its key'],
    [() => 'x'.repeat(2 ** 20 + 1), 'the object is too large for a message']
  ]
  for (const [change, reason] of table) {
    const place = createPlace(t, aws)
    const written = await place.write({})
    replaceObject(place, keyOf(written), change)
    t.match(await readJson(place), { code: 3, messages: [{ id: written.id, state: 'differs', reason }] }, reason)
  }
})

await t.test('things under the prefix that are no messages are counted and left', async t => {
  const place = createPlace(t, aws)
  const written = await place.write({})
  for (const key of ['messages/shop/readme.txt', 'messages/shop/2026/01/01/', 'messages/shop2/readme.txt']) {
    replaceObject(place, keyOf(written), text => text.toString(), key)
  }
  await place.write({ stored: false, line: () => 'plain words' })
  t.match(await readJson(place), { code: 0, summary: { messages: 1, foreign: 3 } })
})

await t.test('messages that a full page has dropped are expired, younger ones missing', async t => {
  const place = createPlace(t, aws, { layout: 'page', cap: 3 })
  for (let i = 0; i < 4; i++) await place.write({})
  await place.write({ stored: false })
  await place.write({})
  const { code, messages } = await readJson(place)
  t.equal(code, 3)
  t.strictSame(messages.map(({ state }) => state), ['expired', 'expired', 'verified', 'verified', 'logged-only', 'verified'])
})

await t.test('a page that is not ours is told, and one that is not there is no failure', async t => {
  const place = createPlace(t, aws, { layout: 'page' })
  t.match(await readJson(place), { code: 0, messages: [] })
  const written = await place.write({})
  replaceObject(place, 'index.html', () => '<h1>Welcome</h1>')
  const { code, err } = await run(place)
  t.equal(code, 1, written.id)
  t.match(err, /^read: arn:aws:s3:::\S+\/index\.html is no page of messages; expected one that STORAGE_LAYOUT=page writes/)
})

await t.test('a place with more than one page of everything is read whole', async t => {
  await t.test('keys, streams and events', async t => {
    const place = createPlace(t, aws)
    const names = Array.from({ length: 60 }, (_, i) => `demo-68c99bdb4f-zz${100 + i}`)
    await Promise.all(names.map(pod => place.write({ pod })))
    const first = await place.write({})
    for (let i = 0; i < 5; i++) await place.write({ stored: false, line: () => 'x'.repeat(300_000) })
    await place.write({})
    for (let i = 0; i < 1500; i++) replaceObject(place, keyOf(first), text => text.toString(), keyOf({ ...first, id: String(i), pod: 'other-7d4b9c6f5d-x2v4z' }))
    const before = aws.calls.length
    t.match(await readJson(place), { code: 0, summary: { messages: 62, foreign: 5, states: { verified: 62 } } })
    const count = countOf(before)
    t.ok(count('ListObjectsV2') > 1)
    t.equal(count('DescribeLogStreams'), 2)
    t.ok(count('GetLogEvents') > 2 * 61)
    t.equal(count('GetObject'), 62)
  })
  await t.test('items', async t => {
    const place = createPlace(t, aws, { kind: 'table' })
    for (let i = 0; i < 3; i++) await place.write({ pod: pods[i] ?? '' })
    await Promise.all(Array.from({ length: 20 }, () => place.write({ pod: 'other-7d4b9c6f5d-x2v4z', text: 'x'.repeat(100_000), logged: false })))
    for (let i = 0; i < 3; i++) await place.write({ pod: pods[i] ?? '' })
    const before = aws.calls.length
    t.match(await readJson(place), { code: 0, summary: { messages: 6, states: { verified: 6 } } })
    t.ok(countOf(before)('Scan') > 1)
  })
})

await t.test('only messages since a time are read', async t => {
  for (const options of [{}, { layout: 'page' }, { kind: 'table' }] satisfies PlaceOptions[]) {
    const place = createPlace(t, aws, options)
    await place.write({ time: start - 3 * 86_400_000, logged: false })
    await place.write({ time: start - 1 })
    const { id } = await place.write({ time: start })
    const { code, messages } = await readJson(place, ['--since', new Date(start).toISOString()])
    t.match({ code, messages }, { code: 0, messages: [{ id }] })
    t.equal(messages.length, 1)
  }
})

await t.test('a person gets a table and a summary', async t => {
  const place = createPlace(t, aws)
  await place.write({})
  await place.write({ logged: false, text: 'bell \u0007' })
  const { code, out } = await run(place)
  t.equal(code, 3)
  t.match(out, /^ID +TIME +POD +STATE +MESSAGE\n…\w{8} +\S+Z +demo-7d4b9c6f5d-x2v4z +verified +Message 1\n….* stored only +bell \\u\{7\}\n\n2 messages of 1 pod: 1 verified, 1 stored only\.\n$/)
  const terminal = await run(place, [], { isTTY: true, columns: 80 })
  t.match(terminal.out, '\u001b[32mverified\u001b[39m')
  t.notMatch((await run({ ...place, env: { ...place.env, NO_COLOR: '1' } }, [], { isTTY: true, columns: 120 })).out, '\u001b')
})

await t.test('where nothing was written, that is said', async t => {
  t.strictSame(await run(createPlace(t, aws)), { code: 0, out: 'No message was found.\n', err: '' })
})

await t.test('a refusal of AWS is one sentence with operation, ARN and right', async t => {
  const [place, table] = [createPlace(t, aws), createPlace(t, aws, { kind: 'table' })]
  await place.write({})
  const cases: [string, Place, RegExp][] = [
    ['ListObjectsV2', place, /^read: S3 ListObjectsV2 on arn:aws:s3:::messages-\w+ was denied; the right s3:ListBucket .*\n$/],
    ['GetObject', place, /^read: S3 GetObject on arn:aws:s3:::messages-\w+\/messages\/shop\/\S+ was denied; the right s3:GetObject .*\n$/],
    ['DescribeLogStreams', place, /^read: CloudWatch Logs DescribeLogStreams on arn:aws:logs:\S+ was denied; the right logs:DescribeLogStreams .*\n$/],
    ['GetLogEvents', place, /^read: CloudWatch Logs GetLogEvents of stream shop\/\S+ on arn:aws:logs:\S+ was denied; the right logs:GetLogEvents .*\n$/],
    ['Decrypt', place, /^read: KMS Decrypt on arn:aws:kms:\S+ was denied; the right kms:Decrypt .*\n$/],
    ['Scan', table, /^read: DynamoDB Scan on arn:aws:dynamodb:\S+ was denied; the right dynamodb:Scan .*\n$/]
  ]
  for (const [operation, place, message] of cases) {
    const lift = aws.inject({ kinds: ['denied'], operations: [operation] })
    const { code, out, err } = await run(place)
    lift()
    t.match({ code, out, err }, { code: 1, out: '', err: message }, operation)
  }
})

await t.test('what is not there is named', async t => {
  const place = createPlace(t, aws)
  await place.write({})
  const cases: [string[], RegExp][] = [
    [['--storage', 'arn:aws:s3:::no-such-bucket'], /^read: S3 ListObjectsV2 on arn:aws:s3:::no-such-bucket found nothing there; .*\n$/],
    [['--storage', 'arn:aws:dynamodb:eu-west-1:123456789012:table/none'], /^read: DynamoDB Scan on \S+table\/none found nothing there; .*\n$/],
    [['--log-group', 'arn:aws:logs:eu-west-1:123456789012:log-group:none'], /^read: CloudWatch Logs DescribeLogStreams on \S+ found nothing there; .*\n$/],
    [['--key', 'arn:aws:kms:eu-west-1:123456789012:alias/none'], /^read: KMS Decrypt on \S+ found nothing there; .*\n$/]
  ]
  for (const [args, err] of cases) t.match(await run(place, args), { code: 1, out: '', err }, args.join(' '))
})

await t.test('a disabled key is a failure, and no fault of the messages', async t => {
  const place = createPlace(t, aws)
  await place.write({})
  aws.setKeyState(place.key, 'Disabled')
  t.match(await run(place), { code: 1, err: /^read: KMS Decrypt on \S+ was refused for the key's state/ })
})

await t.test('what fails for a moment is read all the same', async t => {
  const place = createPlace(t, aws)
  for (const pod of pods) await place.write({ pod })
  // The SDK makes three attempts.
  for (const operation of ['ListObjectsV2', 'GetObject', 'DescribeLogStreams', 'GetLogEvents', 'Decrypt']) {
    t.teardown(aws.inject({ kinds: ['error', 'reset'], operations: [operation], count: 2 }))
  }
  t.match(await readJson(place), { code: 0, summary: { states: { verified: 3 } } })
})

await t.test('wrong usage is told with all its faults, and asks nothing of AWS', async t => {
  const before = aws.calls.length
  t.strictSame(await run({ env: {} }, ['--since', 'never\u0007']), {
    code: 2,
    out: '',
    err: `\
read: --storage is missing, and so is the variable STORAGE_ARN; expected an ARN
read: --key is missing, and so is the variable AWS_KMS_ARN; expected an ARN
read: --log-group is missing, and so is the variable AWS_LOG_GROUP_ARN; expected an ARN
read: --since: found "never\\u{7}"; expected a duration such as 90s, 15m, 2h or 1d, or a time not to come such as 2026-08-01T12:00:00Z
read: --help says more
`
  })
  t.match(await run({ env: {} }, ['--help']), { code: 0, out: /^Usage: npm run workload -- read /, err: '' })
  t.equal(aws.calls.length, before)
})

interface Answer {
  code: number
  messages: { id: string, state: string }[]
  summary: object
}

async function readJson (place: Pick<Place, 'env'>, args: string[] = []): Promise<Answer> {
  const { code, out, err } = await run(place, ['--json', ...args])
  if (err !== '') throw new Error(err)
  return { code, ...JSON.parse(out) }
}

async function run ({ env }: Pick<Place, 'env'>, args: string[] = [], terminal: { isTTY?: boolean, columns?: number } = {}) {
  const written = { out: '', err: '' }
  const stdout = { ...terminal, write (text: string) { written.out += text } }
  const stderr = { write (text: string) { written.err += text } }
  return { code: await read([...subject, ...args], env, { stdout, stderr }), ...written }
}

function countOf (from: number): (operation: string) => number {
  const calls = aws.calls.slice(from)
  return operation => calls.filter(call => call.operation === operation).length
}

function keyOf ({ time, ...rest }: Pick<Written, 'id' | 'time' | 'namespace' | 'pod'>): string {
  return objectKey({ ...rest, time: new Date(time).toISOString() })
}

/** Changes an object behind everybody's back, or puts what it becomes under another key. */
function replaceObject ({ storage }: Place, key: string, change: (content: Buffer) => string, as = key): void {
  const objects = aws.objects(storage.slice('arn:aws:s3:::'.length)) as Map<string, StoredObject>
  const object = objects.get(key)!
  objects.set(as, { ...object, content: Buffer.from(change(object.content)), checksum: undefined })
}

function flip (base64: string): string {
  const bytes = Buffer.from(base64, 'base64')
  bytes[bytes.length - 1]! ^= 1
  return bytes.toString('base64')
}
