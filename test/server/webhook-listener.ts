// The webhooks with certificate files, as cert-manager and the chart's values for it leave them.
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import t, { type Test } from 'tap'
import { issueAuthority, issueLeaf, type Pair } from '../../server/authority.ts'
import { sharedControlPlane } from '../fixtures/control-plane.ts'
import { runOperator } from '../fixtures/operator.ts'
import { manifest } from '../fixtures/topicten.ts'
import { stageWebhooks, untilReady } from '../fixtures/webhooks.ts'

const now = Date.now()
const authority = await issueAuthority(now, 3_600_000)
const issue = (signer = authority) => issueLeaf(signer, ['127.0.0.1'], now, 3_600_000)
const plane = await sharedControlPlane(t)

async function put (dir: string, { certificate, key }: Pair): Promise<void> {
  for (const [name, text] of [['tls.key', key], ['tls.crt', certificate]] as const) {
    await writeFile(join(dir, `.${name}`), text)
    await rename(join(dir, `.${name}`), join(dir, name))
  }
}

/** The certificate that a port shows, PEM. */
function shown (port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate })
  socket.once('secureConnect', () => { resolve(socket.getPeerX509Certificate()!.toString().trim()) })
  socket.on('error', reject)
  return promise.finally(() => { socket.destroy() })
}

async function stage (t: Test, caBundle: string) {
  const dir = t.testdir({})
  const { namespace, port, environment } = await stageWebhooks(t, plane, {
    'webhook.certSecret': 'certificates', 'webhook.caBundle': Buffer.from(caBundle).toString('base64')
  })
  const refusal = () => plane.kubectl(['create', `--namespace=${namespace}`, '--dry-run=server', '--filename=-'],
    JSON.stringify(manifest('bad', { targetarn: 'arn:aws:s3:::topicten-messages/key' }))).catch((error: Error) => error.message)
  return { dir, port, refusal, environment: { ...environment, WEBHOOK_CERT_DIR: dir } }
}

t.test('the API server is answered with the files\' certificate, and with the next one when they change', async t => {
  const { dir, port, refusal, environment } = await stage(t, authority.certificate)
  const [first, second] = await Promise.all([issue(), issue()])
  await put(dir, first)
  const operator = await runOperator(t, environment, { checkMs: 50 })
  await untilReady(operator.url)
  t.match(await refusal(), /spec\.targetarn: found/)
  t.equal(await shown(port), first.certificate.trim())
  await put(dir, second)
  while (await shown(port) === first.certificate.trim()) await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(await shown(port), second.certificate.trim())
  t.match(await refusal(), /spec\.targetarn: found/)
  t.strictSame(operator.log.lines.filter(({ level, message }) => level === 'error' || message === 'authorities published'), [],
    'nothing is written into the configurations, to which it has no right')
})

t.test('files that the configurations do not trust, or none, leave it unready, with the reason', async t => {
  const { dir, environment } = await stage(t, (await issueAuthority(now, 3_600_000)).certificate)
  const operator = await runOperator(t, environment, { checkMs: 50 })
  const verbose = async () => (await fetch(`${operator.url}/readyz`)).text()
  t.match(await verbose(), /\[-\]certificate failed: none loaded yet/)
  await put(dir, await issue())
  while (!(await verbose()).includes('[+]certificate ok')) await new Promise(resolve => setTimeout(resolve, 50))
  t.match(await verbose(),
    /\[-\]webhookConfigurations failed: validatingwebhookconfigurations\/\S+: validate\.topictens\S+ does not carry the authority of our certificate/)
})

t.test('without a configuration the files are served and nothing is watched', async t => {
  const { dir, port, environment } = await stage(t, authority.certificate)
  const leaf = await issue()
  await put(dir, leaf)
  const operator = await runOperator(t, { ...environment, WEBHOOK_CONFIGURATION: '' })
  await untilReady(operator.url)
  t.equal(await shown(port), leaf.certificate.trim())
})
