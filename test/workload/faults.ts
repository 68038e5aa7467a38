import fc from 'fast-check'
import t from 'tap'
import { BrokenReply, CallTimeout, judgeError, nameOf, statusOf, type FaultKind } from '../../workload/faults.ts'
import { UnfitStorage } from '../../workload/unfit-storage.ts'

const named = (name: string, status?: number, message = 'words') =>
  Object.assign(new Error(message), { name }, status !== undefined && { $metadata: { httpStatusCode: status } })
const coded = (code: string) => Object.assign(new Error('words'), { code })

const table: [string, unknown, FaultKind, boolean][] = [
  ['KMS, key that is not available yet', named('KeyUnavailableException', 500), 'unavailable', true],
  ['KMS, internal', named('KMSInternalException', 500), 'unavailable', true],
  ['KMS, dependency', named('DependencyTimeoutException', 503), 'unavailable', true],
  ['KMS, throttled', named('ThrottlingException', 400), 'throttled', true],
  ['KMS, no such key', named('NotFoundException', 400), 'missing', false],
  ['KMS, disabled key', named('DisabledException', 409), 'disabled', false],
  ['KMS, key to be deleted', named('KMSInvalidStateException', 409), 'disabled', false],
  ['KMS, key to sign with', named('InvalidKeyUsageException', 400), 'invalid', false],
  ['KMS, denied', named('AccessDeniedException', 400), 'denied', false],
  ['S3, slow down', named('SlowDown', 503), 'throttled', true],
  ['S3, another write at the same time', named('ConditionalRequestConflict', 409), 'conflict', true],
  ['S3, condition false', named('PreconditionFailed', 412), 'conflict', true],
  ['S3, denied', named('AccessDenied', 403), 'denied', false],
  ['S3, no bucket', named('NoSuchBucket', 404), 'missing', false],
  ['DynamoDB, throttled', named('ProvisionedThroughputExceededException', 400), 'throttled', true],
  ['DynamoDB, wrong key schema', named('ValidationException', 400), 'invalid', false],
  ['Logs, unavailable', named('ServiceUnavailableException', 503), 'unavailable', true],
  ['Logs, concurrent operation', named('OperationAbortedException', 400), 'conflict', true],
  ['Logs, no group', named('ResourceNotFoundException', 400), 'missing', false],
  ['Logs, illegal name', named('InvalidParameterException', 400), 'invalid', false],
  ['token that has run out', named('ExpiredTokenException', 400), 'credentials', true],
  ['no credentials', named('CredentialsProviderError'), 'credentials', true],
  ['clock that is wrong', named('RequestTimeTooSkewed', 403), 'clock', true],
  ['clock that is wrong, in other words', named('InvalidSignatureException', 400, 'Signature expired: 1 is now earlier than 2'), 'clock', true],
  ['wrong secret', named('InvalidSignatureException', 400, 'The request signature does not match'), 'denied', false],
  ['time-out of ours', new CallTimeout('late'), 'timeout', true],
  ['time-out of the client', named('TimeoutError'), 'timeout', true],
  ['time-out of the socket', coded('ETIMEDOUT'), 'timeout', true],
  ['connection refused', coded('ECONNREFUSED'), 'network', true],
  ['connection reset', coded('ECONNRESET'), 'network', true],
  ['name not found', coded('ENOTFOUND'), 'network', true],
  ['answer that is no HTTP', coded('HPE_INVALID_CONSTANT'), 'network', true],
  ['certificate of somebody else', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'network', true],
  ['answer without what it must have', new BrokenReply('no ETag'), 'unavailable', true],
  ['answer that is no JSON', named('SyntaxError', 200), 'unavailable', true],
  ['answer cut off', named('Error', 200), 'unavailable', true],
  ['unknown error of the server', named('Strange', 502), 'unavailable', true],
  ['unknown refusal', named('Strange', 418), 'invalid', false],
  ['refusal without a name', named('Error', 403), 'denied', false],
  ['too many requests without a name', named('Error', 429), 'throttled', true],
  ['storage that is unfit', new UnfitStorage('no'), 'unfit', false],
  ['end of the process', new DOMException('aborted', 'AbortError'), 'aborted', false],
  ['fault of the program', new TypeError('undefined is not a function'), 'other', false],
  ['JSON of ours', new SyntaxError('Unexpected token'), 'other', false],
  ['no error at all', undefined, 'other', false]
]
for (const [name, error, kind, retryable] of table) t.match(judgeError(error), { kind, retryable }, name)

t.test('words of AWS are made safe to show', async t => {
  t.strictSame(judgeError(named('\u001b[1m', 400, 'a\n"b"')), { kind: 'invalid', retryable: false, name: '\\u{1b}[1m', words: 'a\\n\\"b\\"' })
})

t.test('whatever is thrown is judged', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.anything(), thing => {
    judgeError(thing)
    nameOf(thing)
    statusOf(thing)
  }), { numRuns: 1000 }))
})
