// What `helm test` runs in a pod: asks the API server to create a good TopicTen and a bad one, both as dry runs.
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { env, exit } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'

const folder = env.CREDENTIALS ?? '/var/run/secrets/kubernetes.io/serviceaccount'
const namespace = env.NAMESPACE
const path = `/apis/app.lyc-handson-aws.com/v1alpha1/namespaces/${namespace}/topictens?dryRun=All`
const spec = {
  replicas: 3,
  image: 'registry.k8s.io/pause:3.10',
  targetarn: 'arn:aws:s3:::topicten-messages',
  kmsarn: 'arn:aws:kms:eu-west-3:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  cloudwatcharn: 'arn:aws:logs:eu-west-3:111122223333:log-group:/topicten/messages:*'
}
// The first is for the webhook to find, the second for the CRD, which is all there is where webhook.enabled is false.
const fault = env.WEBHOOKS === 'true' ? { targetarn: 'arn:aws:s3:::topicten-messages/*' } : { targetarn: 'xx' }

/** Helm is done with an install a moment before the last node knows the webhooks' Service: asks again while nobody answers the API server. */
async function create (name, body) {
  const end = Date.now() + 15_000
  for (;;) {
    const answer = await ask(name, body)
    if (answer.code !== 500 || Date.now() > end) return answer
    await delay(500)
  }
}

function ask (name, body) {
  const { promise, resolve, reject } = Promise.withResolvers()
  const asked = request({
    host: env.KUBERNETES_SERVICE_HOST.replace(/^\[|\]$/g, ''),
    port: env.KUBERNETES_SERVICE_PORT,
    path,
    method: 'POST',
    ca: readFileSync(`${folder}/ca.crt`),
    headers: { authorization: `Bearer ${readFileSync(`${folder}/token`, 'utf8').trim()}`, 'content-type': 'application/json' },
    timeout: 20_000
  }, answer => {
    let text = ''
    answer.setEncoding('utf8')
    answer.on('data', chunk => { text += chunk })
    answer.on('end', () => { resolve({ code: answer.statusCode, message: text && JSON.parse(text).message }) })
  })
  asked.on('timeout', () => { asked.destroy(new Error('no answer within 20 s')) })
  asked.on('error', reject)
  asked.end(JSON.stringify({ apiVersion: 'app.lyc-handson-aws.com/v1alpha1', kind: 'TopicTen', metadata: { name }, spec: body }))
  return promise
}

const good = await create('helm-test-good', spec)
const bad = await create('helm-test-bad', { ...spec, ...fault })
const admitted = good.code === 201
const refused = bad.code === 422 && bad.message.includes('spec.targetarn')
console.log(`good TopicTen: ${admitted ? 'admitted' : `should be admitted, but ${good.code}: ${good.message}`}`)
console.log(`bad TopicTen: ${refused ? `refused: ${bad.message}` : `should be refused for spec.targetarn, but ${bad.code}: ${bad.message ?? ''}`}`)
exit(admitted && refused ? 0 : 1)
