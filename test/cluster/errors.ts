import t from 'tap'
import {
  ApiError, ConnectionError, apiErrorFrom, isConflict, isForbidden, isGone, isInvalid, isNotFound, isTerminatingNamespace,
  isTooManyRequests, isUnauthorized, retryAfterMs
} from '../../cluster/errors.ts'

t.test('an error says what was asked and what the API server answered', async t => {
  const body = JSON.stringify({ message: 'pods "a" not found', reason: 'NotFound', code: 404, details: { name: 'a', kind: 'pods' } })
  const error = apiErrorFrom('GET /api/v1/pods/a', 404, body)
  t.strictSame([error.message, error.status, error.reason, error.details, error.retryAfterMs],
    ['GET /api/v1/pods/a: 404 NotFound: pods "a" not found', 404, 'NotFound', { name: 'a', kind: 'pods' }, undefined])
})

const bodies = {
  'text is quoted': ['upstream gone', 'what: 502: upstream gone'],
  'nothing is called no body': ['', 'what: 502: no body'],
  'a JSON value that is no Status is quoted': ['7', 'what: 502: 7'],
  'a long page is cut': ['x'.repeat(300), `what: 502: ${'x'.repeat(200)}`]
}
for (const [name, [body, message]] of Object.entries(bodies)) {
  t.test(`a body that is no Status: ${name}`, async t => t.equal(apiErrorFrom('what', 502, body!).message, message))
}

const waits = {
  'the header counts': ['{}', '3', 3000],
  'the details count without a header': ['{"details":{"retryAfterSeconds":2}}', undefined, 2000],
  'a header that is no number is no time': ['{}', 'soon', undefined],
  'zero is no time': ['{}', '0', undefined],
  'nothing said is no time': ['{}', undefined, undefined]
} as const
for (const [name, [body, header, ms]] of Object.entries(waits)) {
  t.test(`Retry-After: ${name}`, async t => {
    const error = apiErrorFrom('what', 429, body, header)
    t.strictSame([error.retryAfterMs, retryAfterMs(error)], [ms, ms ?? 0])
  })
}

t.test('each predicate knows its own status and no other', async t => {
  const predicates = {
    401: isUnauthorized,
    403: isForbidden,
    404: isNotFound,
    409: isConflict,
    410: isGone,
    422: isInvalid,
    429: isTooManyRequests
  }
  for (const [status, is] of Object.entries(predicates)) {
    const known = Object.keys(predicates).filter(other => is(new ApiError('x', Number(other))))
    t.strictSame(known, [status])
    t.notOk(is(new ConnectionError('x', 'ECONNRESET')))
  }
})

t.test('a terminating namespace is told from other refusals by its cause', async t => {
  const forbidden = (causes?: { reason: string }[]) => new ApiError('x', 403, { details: causes === undefined ? {} : { causes } })
  t.ok(isTerminatingNamespace(forbidden([{ reason: 'NamespaceTerminating' }])))
  t.notOk(isTerminatingNamespace(forbidden()))
  t.notOk(isTerminatingNamespace(new Error('x')))
  t.equal(retryAfterMs(new Error('x')), 0)
})
