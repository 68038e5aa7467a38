// The controller of sealed-secrets with the rights of its chart: what it makes of a SealedSecret, and what it makes nothing of.
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { startSealedSecrets } from '../../local/sealed-secrets/sealed-secrets.ts'
import { namespace, sharedControlPlane } from '../fixtures/control-plane.ts'

const data = { AWS_ACCESS_KEY_ID: randomBytes(8).toString('hex'), AWS_SECRET_ACCESS_KEY: randomBytes(16).toString('hex') }

await t.test('sealed-secrets', async t => {
  const plane = await sharedControlPlane(t)
  const { kubectl } = plane
  const sealedSecrets = await startSealedSecrets(plane, { env: process.env })
  t.teardown(() => sealedSecrets.stop())
  const home = await namespace(t, plane)
  const sealed = await sealedSecrets.seal({
    apiVersion: 'v1', kind: 'Secret', metadata: { name: 'aws-credentials', namespace: home }, stringData: data
  })

  await t.test('a sealed secret tells nothing, and becomes the Secret that it was made of', async t => {
    const spellings = Object.values(data).flatMap(value => [value, Buffer.from(value).toString('base64')])
    t.strictSame(spellings.filter(spelling => sealed.includes(spelling)), [])
    await kubectl(['apply', '--filename=-'], sealed)
    await kubectl(['wait', 'sealedsecret/aws-credentials', `--namespace=${home}`, '--for=condition=Synced', '--timeout=30s'])
    const secret = JSON.parse(await kubectl(['get', 'secret/aws-credentials', `--namespace=${home}`, '--output=json']))
    const decoded = Object.entries(secret.data as Record<string, string>).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()])
    t.strictSame(Object.fromEntries(decoded), data)
  })

  await t.test('under another name it fails where one can see it', async t => {
    const renamed = parse(sealed)
    renamed.metadata.name = 'renamed'
    await kubectl(['apply', '--filename=-'], JSON.stringify(renamed))
    await kubectl(['wait', 'sealedsecret/renamed', `--namespace=${home}`, '--for=condition=Synced=False', '--timeout=30s'])
    const message = '--output=jsonpath={.status.conditions[0].message}'
    t.match(await kubectl(['get', 'sealedsecret/renamed', `--namespace=${home}`, message]), /no key could decrypt secret/)
    await t.rejects(kubectl(['get', 'secret/renamed', `--namespace=${home}`]), { message: /not found/ })
  })

  await t.test('it leaves nothing on this machine', async t => {
    t.notOk(existsSync('/run/secrets/kubernetes.io'), 'its mounts are its own')
    await sealedSecrets.stop()
    t.strictSame(readdirSync(plane.dir).filter(name => name.startsWith('sealed-secrets-')), [])
  })
})
