import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { answerAsCgi, parseHead } from '../../local/cgi.ts'

async function answerOf (t: Test, command: string, ...args: string[]): Promise<Response> {
  const server = createServer((_, response) => { answerAsCgi(spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] }), response) })
  t.teardown(() => { server.close() })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

const heads = {
  'without a status it is 200': ['Content-Type: text/plain', { status: 200, headers: { 'content-type': 'text/plain' } }],
  'a status is no header': ['Status: 404 Not Found\r\nX-A: b:c', { status: 404, headers: { 'x-a': 'b:c' } }]
} as const

for (const [name, [head, expected]] of Object.entries(heads)) {
  await t.test(name, async t => { t.strictSame(parseHead(head), expected) })
}

await t.test('the head may come in pieces, and the body follows', async t => {
  const response = await answerOf(t, 'sh', '-c', 'printf "Status: 201 Created\\r"; sleep 0.1; printf "\\nX-A: b\\r\\n\\r\\nbo"; sleep 0.1; printf dy')
  t.strictSame([response.status, response.headers.get('x-a'), await response.text()], [201, 'b', 'body'])
})

await t.test('a program that says nothing, or is not there, is a 500', async t => {
  t.equal((await answerOf(t, 'true')).status, 500)
  t.equal((await answerOf(t, '/nowhere')).status, 500)
})
