import t from 'tap'
import { createCheck } from '../../bench/answer-check.ts'
import { type Case, reviewOf, spec } from '../../bench/reviews.ts'
import { inject } from '../../webhooks/injector.ts'
import { denied, patched, allowed, type Outcome, renderReview } from '../../webhooks/review.ts'

const uid = 'b0ae8a4c-7a4f-4a0b-9d1e-0123456789ab'
const { request } = JSON.parse(reviewOf('mutate', 'bench').body.toString()) as { request: { object: unknown } }
const { patch = '' } = inject(request.object, { ...spec, region: 'eu-west-3' })
const check = (which: Case, text: string, status = 200) => createCheck(which, 'bench')(status, Buffer.from(text), Buffer.from(uid))

t.test('an answer as it should be has no fault, the second time under another uid as well', async t => {
  const good: [Case, Outcome][] = [['mutate', patched(patch)], ['validate', allowed()], ['deny', denied('spec.kmsarn: wrong')]]
  for (const [which, outcome] of good) {
    const checkTwice = createCheck(which, 'bench')
    for (const each of [uid, uid.replace('b0', 'c1')]) {
      t.equal(checkTwice(200, Buffer.from(renderReview(each, outcome)), Buffer.from(each)), undefined)
    }
    t.match(checkTwice(200, Buffer.from(renderReview(uid, outcome)), Buffer.from(uid.replace('b0', 'd2'))), /^uid b0/)
  }
})

t.test('an answer that is wrong is told', async t => {
  const cases: [Case, string, RegExp, number?][] = [
    ['mutate', renderReview(uid, allowed()), /patchType/],
    ['mutate', renderReview(uid, patched('[{"op":"add","path":"/spec/none/0","value":1}]')), /cannot be applied/],
    ['mutate', renderReview(uid, patched(patch.replaceAll('STORAGE_ARN', 'STORAGE'))), /STORAGE_ARN is wrong/],
    ['mutate', renderReview(uid, patched('[{"op":"remove","path":"/spec/containers/1"}]')), /a container more or less/],
    ['validate', renderReview(uid, patched(patch)), /a patch for a TopicTen/],
    ['validate', renderReview(uid, denied('no')), /allowed is false: no/],
    ['deny', renderReview(uid, allowed()), /allowed is true/],
    ['deny', renderReview(uid, denied('')), /without a message/],
    ['validate', '{}', /no AdmissionReview/],
    ['validate', 'busy', /^HTTP 503: busy/, 503]
  ]
  for (const [which, text, fault, status] of cases) t.match(check(which, text, status), fault)
})
