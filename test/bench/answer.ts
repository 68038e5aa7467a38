import t from 'tap'
import { parseAnswer } from '../../bench/answer.ts'

const read = (text: string) => {
  const answer = parseAnswer(Buffer.from(text))
  return answer && { ...answer, body: answer.body.toString() }
}

t.test('an answer is read when it is complete, by its length or its chunks', async t => {
  const cases: [string, ReturnType<typeof read>][] = [
    ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}', { status: 200, body: '{}', last: false }],
    ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}', { status: 200, body: '{}', last: true }],
    ['HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n', { status: 400, body: 'abc0123456789', last: false }]
  ]
  for (const [text, answer] of cases) {
    t.strictSame(read(text), answer)
    for (let end = 0; end < text.length; end++) t.equal(read(text.slice(0, end)), undefined)
  }
})

t.test('an answer whose end cannot be known is refused', async t => {
  t.throws(() => read('HTTP/1.1 200 OK\r\n\r\n'), /without a length/)
})
