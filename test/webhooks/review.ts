import t from 'tap'
import { allowed, denied, errored, invalid, parseReview, patched, renderReview } from '../../webhooks/review.ts'
import { reviewOf, topicTenRequest } from '../fixtures/admission.ts'

const request = topicTenRequest({})

await t.test('the request is taken out of an AdmissionReview, with what newer servers add', async t => {
  t.strictSame(parseReview({ ...reviewOf(request), future: 1 }), request)
  t.match(parseReview(reviewOf({ ...request, ...{ future: { a: 1 } } })), { future: { a: 1 } })
})

await t.test('what is no AdmissionReview is refused with the field and what it must be', async t => {
  const cases: [unknown, string][] = [
    [null, 'it must be object'], ['x', 'it must be object'], [[], 'it must be object'], [{}, "it must have required property 'apiVersion'"],
    [{ ...reviewOf(request), apiVersion: 'admission.k8s.io/v1beta1' }, 'apiVersion must be admission.k8s.io/v1'],
    [{ ...reviewOf(request), kind: 'Pod' }, 'kind must be AdmissionReview'],
    [{ ...reviewOf(request), request: null }, 'request must be object'],
    [reviewOf({ ...request, uid: '' }), 'request.uid must NOT have fewer than 1 characters'],
    [reviewOf({ ...request, uid: 7 as never }), 'request.uid must be string'],
    [reviewOf({ ...request, uid: 'x'.repeat(300) }), 'request.uid must NOT have more than 256 characters'],
    [reviewOf({ ...request, operation: 'PATCH' as never }), 'request.operation must be one of CREATE,UPDATE,DELETE,CONNECT'],
    [reviewOf({ ...request, kind: {} as never }), "request.kind must have required property 'group'"],
    [reviewOf({ ...request, namespace: 7 as never }), 'request.namespace must be string']
  ]
  for (const [body, message] of cases) {
    t.throws(() => parseReview(body), { message: `the body is no AdmissionReview of admission.k8s.io/v1: ${message}`, statusCode: 400 })
  }
})

await t.test('each outcome is rendered as the response that the API server expects', async t => {
  const patch = '[{"op":"add","path":"/a","value":"é"}]'
  const cause = { field: 'spec.image', message: 'is wrong' }
  const cases: [string, object][] = [
    [renderReview('u', allowed()), { uid: 'u', allowed: true }],
    [renderReview('u', allowed(['odd'])), { uid: 'u', allowed: true, warnings: ['odd'] }],
    [renderReview('u', patched(patch, ['odd'])), { uid: 'u', allowed: true, patchType: 'JSONPatch', patch: Buffer.from(patch).toString('base64'), warnings: ['odd'] }],
    [renderReview('u', denied('no')), { uid: 'u', allowed: false, status: { status: 'Failure', code: 403, reason: 'Forbidden', message: 'no' } }],
    [renderReview('u', errored(400, 'no')), { uid: 'u', allowed: false, status: { status: 'Failure', code: 400, reason: 'BadRequest', message: 'no' } }],
    [renderReview('u', errored(500, 'no')), { uid: 'u', allowed: false, status: { status: 'Failure', code: 500, reason: 'InternalError', message: 'no' } }],
    [renderReview('u', invalid(request, [cause, cause])), {
      uid: 'u',
      allowed: false,
      status: {
        status: 'Failure',
        code: 422,
        reason: 'Invalid',
        message: 'spec.image: is wrong\nspec.image: is wrong',
        details: { group: 'app.lyc-handson-aws.com', kind: 'TopicTen', name: 'alpha', causes: [{ reason: 'FieldValueInvalid', ...cause }, { reason: 'FieldValueInvalid', ...cause }] }
      }
    }]
  ]
  for (const [text, response] of cases) t.strictSame(JSON.parse(text), { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response })
})

await t.test('a uid of strange characters is echoed as JSON', async t => {
  for (const uid of ['"', '\\', '\u2028', '\ud800', '\u0000']) t.equal(JSON.parse(renderReview(uid, allowed())).response.uid, uid)
})
