// Certificates and authorities that live for seconds, under a steady stream of admissions and handshakes.
import { once } from 'node:events'
import { connect } from 'node:tls'
import t from 'tap'
import { createReflector } from '../../cluster/reflector.ts'
import { webhooksOf } from '../../server/configuration.ts'
import { streamAdmissions } from '../fixtures/admissions.ts'
import { sharedControlPlane } from '../fixtures/control-plane.ts'
import { keepLog } from '../fixtures/log.ts'
import { runOperator } from '../fixtures/operator.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'
import { stageWebhooks, untilReady } from '../fixtures/webhooks.ts'

const plane = await sharedControlPlane(t)
const { namespace, configuration, port, environment } = await stageWebhooks(t, plane)
const { client, until } = await watchNamespace(t, plane, namespace)
const operator = await runOperator(t, environment, {
  lifetimes: { authorityMs: 15_000, leafMs: 6_000, overlapMs: 2_000 }, checkMs: 100, settleMs: 500
})
await untilReady(operator.url)
await plane.kubectl(['create', `--namespace=${namespace}`, '--filename=-'], JSON.stringify(manifest('alpha', { suspend: true })))

// Trusts what the configuration says, as an API server does.
let trusted = ''
const configurations = createReflector({
  client,
  path: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
  query: { fieldSelector: `metadata.name=${configuration}` },
  project: object => { trusted = webhooksOf(object)[0]!.caBundle },
  log: keepLog()
})
configurations.start()
t.teardown(() => configurations.stop())
await configurations.whenSynced()

async function shakeHands (): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, ca: trusted })
  try {
    await once(socket, 'secureConnect')
  } finally {
    socket.destroy()
  }
}

t.test('no admission and none of 1,000 handshakes fails while certificates and authorities are renewed', async t => {
  const loaded = () => operator.log.lines.filter(({ message }) => message === 'certificate loaded').length
  const renewed = (why: string) => operator.log.lines.filter(({ message, fields }) => message === 'certificates renewed' && fields['why'] === why).length
  const admissions = streamAdmissions(client, namespace, 50)
  const broken: string[] = []
  let shaken = 0
  const timer = setInterval(() => {
    if (shaken++ < 1000) shakeHands().catch((error: Error) => { broken.push(error.message) })
  }, 20)
  t.teardown(() => { clearInterval(timer) })
  await until('rotations', () => shaken > 1000 && loaded() >= 6 && renewed('the new authority is trusted') >= 2, 120_000)
  const { sent, failures } = await admissions.stop()
  t.ok(sent > 500, `${sent} admissions`)
  t.strictSame(failures, [])
  t.strictSame(broken, [])
  t.ok(renewed('the certificate is due') >= 2)
  t.strictSame(operator.log.lines.filter(({ level }) => level === 'error'), [])
})
