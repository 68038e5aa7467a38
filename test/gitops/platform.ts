// The whole platform from one bootstrap object: Flux, Crossplane's core, Argo CD, sealed-secrets and our operator, each the real one, in
// the order of a cluster's life. Played are the AWS providers and Crossplane's package manager; of others' charts there are stand-ins.
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import t from 'tap'
import { parseDocument } from 'yaml'
import { type FluxObject, reconcile } from '../../local/flux/reconcile.ts'
import { startPlatform } from '../../local/platform/platform.ts'
import { privateControlPlane } from '../fixtures/control-plane.ts'
import { chart, runInstalled } from '../fixtures/gitops.ts'
import { keepLog } from '../fixtures/log.ts'
import { referring, toKey } from '../fixtures/referred.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'

interface Conditioned {
  metadata: { name: string }
  status: { conditions: Array<{ type: string, status: string }> }
}

const source: FluxObject = { kind: 'gitrepository', namespace: 'flux-system', name: 'flux-system' }
const steps = [
  'argocd', 'argocd-apps', 'argocd-projects', 'cluster', 'crossplane-config', 'crossplane-providers', 'crossplane-system', 'sealed-secrets',
  'topicten-crds', 'topicten-operator'
]
const parents = 'deploy/argocd/apps/kustomization.yaml'
const product1 = 'deploy/apps/product1/base/topicten.yaml'
const product2 = 'deploy/argocd/app2/templates/product.yaml'
const sealedSecret = 'deploy/apps/product1/secrets/sealed-secret.yaml'

await t.test('the platform', async t => {
  const { env } = process
  const plane = await privateControlPlane(t, { audit: true })
  const { kubectl } = plane
  const get = async <T>(...path: string[]) => JSON.parse(await kubectl(['get', ...path, '--output=json'])) as T
  const begun = performance.now()
  const platform = await startPlatform(plane, { env, execPath: process.execPath, log: keepLog() })
  t.teardown(() => platform.stop())
  t.comment(`all processes are ready after ${Math.round((performance.now() - begun) / 1000)} s`)
  const { files, argocd } = platform
  const whole = t

  const inFlux = '--namespace=flux-system'
  const inArgo = '--namespace=argocd'
  const ready = (...names: string[]) => kubectl([
    'wait', ...names.map(name => `kustomization/${name}`), inFlux, '--for=condition=Ready', '--timeout=180s'
  ])
  const ofApplication = (name: string, path: string) => kubectl(['get', `application/${name}`, inArgo, `--output=jsonpath={${path}}`])
  /** Resolves when an Application has this at a path. */
  const becomes = (name: string, path: string, value: string) =>
    kubectl(['wait', `application/${name}`, inArgo, `--for=jsonpath={${path}}=${value}`, '--timeout=180s'])
  const push = async (changes: typeof files) => {
    await platform.git.push(changes)
    await reconcile(plane, source)
    for (const parent of ['app1', 'app2']) {
      await kubectl(['annotate', 'applications', parent, inArgo, '--overwrite', 'argocd.argoproj.io/refresh=normal'])
    }
  }
  const refuses = async (what: Promise<unknown>, words = /permission denied/) => what.then(() => 'was allowed', (error: Error) => words.test(error.message))

  await t.test('a provider that is not well holds back what needs it, and nothing else', async t => {
    await platform.packages.fail('provider-aws-s3')
    await platform.bootstrap()
    await kubectl(['wait', '--for=create', 'deployment/topicten', '--namespace=topicten-system', '--timeout=180s'])
    await runInstalled(whole, { plane, get }, { COUNTDOWN_INTERVAL_SECONDS: '5' })
    await ready('sealed-secrets', 'crossplane-system', 'topicten-crds', 'topicten-operator', 'argocd', 'argocd-projects')
    const { items } = await get<{ items: Conditioned[] }>('kustomizations', inFlux)
    t.strictSame(items.map(({ metadata }) => metadata.name).sort(), steps)
    const isReady = ({ status }: Conditioned) => status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
    const held = ['argocd-apps', 'crossplane-config', 'crossplane-providers']
    t.strictSame(items.filter(item => !isReady(item)).map(({ metadata }) => metadata.name).filter(name => name !== 'cluster').sort(), held)
    await t.rejects(kubectl(['get', 'xrd/servicetwos.service.lyc-handson-aws.com']), { message: /not found/ })
    t.equal(await kubectl(['get', 'applications', inArgo, '--output=name']), '')
  })

  await t.test('repaired, all of it converges without a hand, and the products wait for their services', async t => {
    await platform.packages.repair('provider-aws-s3')
    await ready(...steps)
    for (const app of ['app1', 'app2']) {
      await kubectl(['wait', '--for=create', `application/${app}-service`, inArgo, '--timeout=180s'])
      for (const part of ['secret', 'product']) await becomes(`${app}-${part}`, '.status.sync.status', 'Synced')
      // It waits for what another makes: that must not hold the parent's next wave back.
      await becomes(`${app}-product`, '.status.health.status', 'Suspended')
      await becomes(`${app}-service`, '.status.sync.status', 'OutOfSync')
    }
    const [one, two] = [await watchNamespace(t, plane, 'app1'), await watchNamespace(t, plane, 'app2')]
    await one.until('app1 says what it waits for', () => one.condition('app1-topicten-prod', 'ArnsResolved') !== undefined)
    await two.until('app2 says what it waits for', () => two.condition('app2-topicten', 'ArnsResolved') !== undefined)
    t.match(one.condition('app1-topicten-prod', 'ArnsResolved')?.message, /there is no Table\.dynamodb\.aws\.m\.upbound\.io "app1-messages"/)
    t.match(two.condition('app2-topicten', 'ArnsResolved')?.message, /there is no ConfigMap "service2-arns"/)
    t.strictSame([one.replicas('app1-topicten-prod'), two.replicas('app2-topicten')], [[], []])
    t.comment(`up after ${Math.round((performance.now() - begun) / 1000)} s`)
  })

  const [greader, project, infra] = [await argocd.logIn('greader'), await argocd.logIn('ops-project'), await argocd.logIn('ops-infra')]

  await t.test('each user may, through the API, what the policy says', async t => {
    const can = async (session: typeof greader, question: string) => (await session.get<{ value: string }>(`account/can-i/${question}`)).value
    const service = 'service1%2Fapp1-service'
    const table: Array<[user: typeof greader, name: string, question: string, answer: string]> = [
      [greader, 'greader', `applications/get/${service}`, 'yes'], [greader, 'greader', `applications/sync/${service}`, 'no'],
      [greader, 'greader', 'applications/get/apps-root%2Fapp1', 'yes'], [greader, 'greader', 'projects/update/service1', 'no'],
      [project, 'ops-project', `applications/sync/${service}`, 'yes'], [project, 'ops-project', 'applications/sync/apps-root%2Fapp1', 'no'],
      [project, 'ops-project', 'projects/update/service1', 'no'], [project, 'ops-project', 'accounts/update/greader', 'no'],
      [infra, 'ops-infra', 'projects/update/service1', 'yes'], [infra, 'ops-infra', 'accounts/update/greader', 'yes']
    ]
    for (const [session, name, question, answer] of table) t.equal(await can(session, question), answer, `${name} ${question}`)
    t.equal(await refuses(greader.run(['app', 'sync', 'app1-service'])), true)
    t.equal(await refuses(project.run(['app', 'sync', 'app1'])), true)
    await t.rejects(argocd.logIn('admin'), { message: /has no password/ })
  })

  const watcher = { app1: await watchNamespace(t, plane, 'app1'), app2: await watchNamespace(t, plane, 'app2') }

  await t.test('one sync of each service by ops-project, and both applications count down', async t => {
    for (const service of ['app1-service', 'app2-service']) await project.run(['app', 'sync', service, '--timeout=120'])
    await watcher.app1.until('app1 is done', () => watcher.app1.condition('app1-topicten-prod', 'CountedDown')?.reason === 'Done', 120_000)
    await watcher.app2.until('app2 is done', () => watcher.app2.condition('app2-topicten', 'CountedDown')?.reason === 'Done', 120_000)
    await watcher.app2.until('so is what the service composed', () => watcher.app2.condition('service2', 'CountedDown')?.reason === 'Done', 120_000)
    t.strictSame(watcher.app1.replicas('app1-topicten-prod'), [5, 4, 3, 2, 1])
    t.strictSame(watcher.app2.replicas('app2-topicten'), [4, 3, 2, 1])
    for (const name of ['app1', 'app2'].flatMap(app => [`${app}-secret`, `${app}-product`, `${app}-service`, app])) {
      await becomes(name, '.status.health.status', 'Healthy')
      await becomes(name, '.status.sync.status', 'Synced')
    }
    t.match(watcher.app1.topicTen('app1-topicten-prod')?.status?.resolved, {
      targetarn: 'arn:aws:dynamodb:eu-west-3:111122223333:table/topicten-service1', region: 'eu-west-3'
    })
  })

  await t.test('the patches of app2 are on the live object', async t => {
    const reference = (key: string) => ({ configMapKeyRef: { name: 'service2-arns', key } })
    const { spec } = watcher.app2.topicTen('app2-topicten') ?? {}
    t.match(spec, { replicas: 4, targetarnFrom: reference('targetarn'), kmsarnFrom: reference('kmsarn'), cloudwatcharnFrom: reference('cloudwatcharn') })
    t.equal(spec?.targetarn, undefined)
  })

  await t.test('a push that changes an image rolls exactly that', async t => {
    const generationOf = (namespace: 'app1' | 'app2', name: string) => watcher[namespace].deployments.get(`${namespace}/${name}`)?.metadata?.generation
    const others = () => [generationOf('app2', 'app2-topicten'), generationOf('app2', 'service2')]
    const before = others()
    await push({ [product1]: files[product1]?.replace('topicten-workload:0.1.0', 'topicten-workload:0.1.1') })
    const imageOf = () => watcher.app1.deployments.get('app1/app1-topicten-prod')?.spec?.template.spec?.containers[0]?.image
    await watcher.app1.until('the new image', () => imageOf()?.endsWith(':0.1.1') === true, 120_000)
    t.equal(watcher.app1.replicas('app1-topicten-prod').at(-1), 1)
    t.strictSame(others(), before)
  })

  await t.test('an edit in the cluster is reverted', async t => {
    await kubectl(['patch', 'topicten/app1-topicten-prod', '--namespace=app1', '--type=merge', '--patch={"spec":{"replicas":2}}'])
    await kubectl(['wait', 'topicten/app1-topicten-prod', '--namespace=app1', '--for=jsonpath={.spec.replicas}=5', '--timeout=60s'])
    await kubectl(['patch', 'application/app1-service', inArgo, '--type=merge', '--patch={"spec":{"syncPolicy":{"automated":{"enabled":true}}}}'])
    await kubectl(['wait', 'application/app1-service', inArgo, '--for=jsonpath={.spec.syncPolicy.automated.enabled}=false', '--timeout=60s'])
    t.pass()
  })

  await t.test('with the patches removed admission refuses, and Argo CD shows the reason', async t => {
    const unpatched = files[product2]?.replace(/ {6}patches:[^]*?(?=\n {2}destination:)/, '').trimEnd()
    await push({ [product2]: `${unpatched}\n` })
    // What admission refuses even as a dry run cannot be compared: that is what Argo CD says first.
    const reason = '.status.conditions[?(@.type=="ComparisonError")].message'
    await kubectl(['wait', 'application/app2-product', inArgo, `--for=jsonpath={${reason}}`, '--timeout=120s'])
    t.match(await ofApplication('app2-product', reason), /is no ARN of an S3 bucket or a DynamoDB table/)
    t.equal(watcher.app2.replicas('app2-topicten').at(-1), 1, 'what ran runs on')
    await push({ [product2]: files[product2] })
    await becomes('app2-product', '.status.sync.status', 'Synced')
  })

  await t.test('a credential that is sealed into the tree arrives; renamed it fails where one can see it', async t => {
    const data = { AWS_ACCESS_KEY_ID: randomBytes(8).toString('hex'), AWS_SECRET_ACCESS_KEY: randomBytes(16).toString('hex') }
    const sealed = await platform.sealedSecrets.seal({
      apiVersion: 'v1', kind: 'Secret', metadata: { name: 'aws-credentials', namespace: 'app1' }, stringData: data
    })
    await push({ [sealedSecret]: sealed })
    await kubectl(['annotate', 'application/app1-secret', inArgo, '--overwrite', 'argocd.argoproj.io/refresh=normal'])
    await kubectl(['wait', '--for=create', 'secret/aws-credentials', '--namespace=app1', '--timeout=120s'])
    t.equal(Buffer.from(await kubectl(['get', 'secret/aws-credentials', '--namespace=app1', '--output=jsonpath={.data.AWS_ACCESS_KEY_ID}']), 'base64').toString(),
      data.AWS_ACCESS_KEY_ID)
    await push({ [sealedSecret]: sealed.replaceAll('name: aws-credentials', 'name: renamed') })
    await kubectl(['annotate', 'application/app1-secret', inArgo, '--overwrite', 'argocd.argoproj.io/refresh=normal'])
    await becomes('app1-secret', '.status.health.status', 'Degraded')
    await push({ [sealedSecret]: sealed })
    await becomes('app1-secret', '.status.health.status', 'Healthy')
  })

  await t.test('Flux, too, takes a TopicTen that is ready for ready and does not wait for its countdown; a stalled one fails at once', async t => {
    const inTeam = (object: object, name: string) => ({ ...object, metadata: { name, namespace: 'team' } })
    await kubectl(['create', 'namespace', 'team'])
    await push({
      'team/sound/topicten.yaml': JSON.stringify(inTeam(manifest('sound'), 'sound')),
      'team/stalled/topicten.yaml': JSON.stringify(inTeam(JSON.parse(referring('stalled', { kmsarn: toKey('arns', 'kmsarn') })), 'stalled')),
      'team/stalled/arns.yaml': JSON.stringify(inTeam({ apiVersion: 'v1', kind: 'ConfigMap', data: { kmsarn: 'none' } }, 'arns'))
    })
    const steps = ['sound', 'stalled'].map(name => ({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name, namespace: 'flux-system' },
      spec: { path: `./team/${name}`, sourceRef: { kind: 'GitRepository', name: 'flux-system' }, interval: '1h', timeout: '3m', prune: true, wait: true }
    }))
    await kubectl(['create', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: steps }))
    await kubectl(['wait', 'kustomization/sound', inFlux, '--for=condition=Ready', '--timeout=120s'])
    const countedDown = '--output=jsonpath={.status.conditions[?(@.type=="CountedDown")].status}'
    t.equal(await kubectl(['get', 'topicten/sound', '--namespace=team', countedDown]), 'False')
    await kubectl(['wait', 'kustomization/stalled', inFlux, '--for=condition=Ready=False', '--timeout=120s'])
    const message = '--output=jsonpath={.status.conditions[?(@.type=="Ready")].message}'
    t.match(await kubectl(['get', 'kustomization/stalled', inFlux, message]), /TopicTen\/team\/stalled status: 'Failed'/)
    await kubectl(['delete', 'kustomizations', 'sound', 'stalled', inFlux, '--timeout=60s'])
  })

  await t.test('one push upgrades the CRD and then the operator, and what runs is left alone', async t => {
    const [crdFile, chartFile] = ['deploy/crds/topictens.yaml', `${chart}/Chart.yaml`]
    const wider = parseDocument(files[crdFile] ?? '')
    wider.setIn(['spec', 'versions', 0, 'schema', 'openAPIV3Schema', 'properties', 'spec', 'properties', 'note'], { type: 'string' })
    const deployments = () => [watcher.app1.deployments.get('app1/app1-topicten-prod'), watcher.app2.deployments.get('app2/app2-topicten')]
      .map(deployment => [deployment?.metadata?.uid, deployment?.metadata?.generation, deployment?.spec?.replicas])
    const before = deployments()
    await push({ [crdFile]: wider.toString(), [chartFile]: files[chartFile]?.replace(/^version: .*$/m, 'version: 9.9.9') })
    await reconcile(plane, { kind: 'gitrepository', namespace: 'topicten-system', name: 'topicten' })
    const release = ['helmrelease/topicten', '--namespace=topicten-system']
    await kubectl(['wait', ...release, '--for=jsonpath={.status.history[0].chartVersion}=9.9.9', '--timeout=120s'])
    await kubectl(['wait', ...release, '--for=jsonpath={.status.history[0].status}=deployed', '--timeout=120s'])
    const field = '{.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.note}'
    t.equal(await kubectl(['get', 'crd/topictens.app.lyc-handson-aws.com', `--output=jsonpath=${field}`]), '{"type":"string"}')
    t.strictSame(deployments(), before)
  })

  await t.test('a product that is deleted takes along its TopicTen, and leaves the AWS resources to the service', async t => {
    // Deleted in the cluster alone, Flux makes the parent anew, and the parent its product.
    await platform.git.push({ [parents]: files[parents]?.replace('  - app1.yaml\n', '') })
    await reconcile(plane, source)
    await kubectl(['wait', '--for=delete', 'application/app1', inArgo, '--timeout=180s'])
    t.equal(await ofApplication('app1-service', '.spec.project'), 'service1', 'deleting the parent deletes no child')
    // An Application that is deleted while Argo CD compares it, as it does here every five seconds, is synced once more if it may be.
    await project.run(['app', 'set', 'app1-product', '--sync-policy', 'none'])
    await project.run(['app', 'get', 'app1-product', '--refresh'])
    await kubectl(['delete', 'application/app1-product', inArgo, '--timeout=120s'])
    await kubectl(['wait', '--for=delete', 'topicten/app1-topicten-prod', 'deployment/app1-topicten-prod', '--namespace=app1', '--timeout=60s'])
    t.equal(await kubectl(['get', 'keys,tables,groups', '--namespace=app1', '--output=jsonpath={.items[*].metadata.name}']), 'app1-messages app1-messages app1-messages')
  })

  await t.test('a parent that is deleted with its children leaves the service, and the AWS resources to it', async t => {
    await infra.run(['app', 'get', 'app2', '--refresh'])
    await infra.run(['app', 'delete', 'app2', '--cascade', '--yes'])
    await kubectl(['wait', '--for=delete', ...['', '-product', '-secret'].map(part => `application/app2${part}`), inArgo, '--timeout=120s'])
    t.equal(await ofApplication('app2-service', '.spec.project'), 'service2')
    t.equal(await kubectl(['get', 'servicetwos,keys,groups', '--namespace=app2', '--output=jsonpath={.items[*].kind}']), 'ServiceTwo Key Group')
  })

  await t.test('all of it stops without a trace', async t => {
    await platform.stop()
    const left = readdirSync(plane.dir).filter(name => /^(git|flux|argocd|crossplane|sealed-secrets)-/.test(name))
    t.strictSame(left, [])
  })
})
