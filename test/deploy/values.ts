// What the chart refuses, in which words, and what each value changes.
import t from 'tap'
import type { V1Deployment, V1NetworkPolicy, V1PodDisruptionBudget, V1Service, V1ValidatingWebhookConfiguration } from '@kubernetes/client-node'
import { runCommand } from '../../local/command.ts'
import { findBinary } from '../../local/binaries.ts'
import { chartFolder, only, render, type Rendered, renderText, setting, valuesFile, valuesFiles } from '../fixtures/chart.ts'

const refusals: Record<string, [flags: string[], words: RegExp]> = {
  'no image': [[], /image\.repository is not set, and there is no public image: build it, push it to a registry of yours, and say where/],
  'an unknown key': [setting({ replica: 3 }), /additional properties 'replica' not allowed/],
  'an unknown key further down': [setting({ 'webhook.certmanager': {} }), /at '\/webhook': additional properties 'certmanager' not allowed/],
  'a number as text': [setting({ replicas: '2' }), /at '\/replicas': got string, want integer/],
  'an unknown level': [setting({ logLevel: 'loud' }), /at '\/logLevel': value must be one of 'trace', 'debug', 'info'/],
  'a timeout too long': [setting({ 'webhook.timeoutSeconds': 31 }), /at '\/webhook\/timeoutSeconds': maximum: got 31, want 30/],
  'an interval of none': [setting({ countdownIntervalSeconds: 0 }), /at '\/countdownIntervalSeconds': exclusiveMinimum: got 0, want 0/],
  'two sources of the certificate': [
    setting({ 'webhook.certManager.enabled': true, 'webhook.certSecret': 'mine', 'webhook.caBundle': 'AAAA' }),
    /webhook\.certManager\.enabled and webhook\.certSecret \("mine"\) both say where the certificate comes from: set one/
  ],
  'nobody to trust': [setting({ 'webhook.certSecret': 'mine' }), /"mine", but nothing says whom the API server is to trust: set webhook\.caBundle, or webhook\.annotations/],
  'a bundle that is not in base64': [setting({ 'webhook.caBundle': '-----BEGIN CERTIFICATE-----' }), /webhook\.caBundle is PEM as it stands: encode it with base64/],
  'a url without TLS': [setting({ 'webhook.url': 'http://10.0.0.5' }), /webhook\.url is "http:\/\/10\.0\.0\.5": the API server calls webhooks by https:\/\/ only/],
  'a guard without TLS': [setting({ 'metrics.auth': true, 'webhook.enabled': false }), /metrics\.auth needs the TLS listener of the webhooks/],
  'a leader that outlives its lease': [
    setting({ 'leaderElection.renewDeadlineSeconds': 20 }),
    /leaseDurationSeconds \(15\) must be greater than renewDeadlineSeconds \(20\), and that greater than retrySeconds \(2\)/
  ],
  'a ServiceAccount without a name': [setting({ 'serviceAccount.create': false }), /serviceAccount\.name must name an existing ServiceAccount/]
}

t.test('wrong values are refused in words', async t => {
  for (const [name, [flags, words]] of Object.entries(refusals)) await t.rejects(renderText(flags), { message: words }, name)
})

t.test('helm lint has nothing to say about any values file', async t => {
  const helm = await findBinary('helm', { env: process.env })
  for (const file of valuesFiles) {
    await t.resolves(runCommand(helm, ['lint', '--strict', '--quiet', chartFolder, ...valuesFile(file)], { env: { PATH: process.env['PATH'] } }), file)
  }
})

const deployment = (objects: Rendered[]) => only<V1Deployment>(objects, 'Deployment')
const podOf = (objects: Rendered[]) => deployment(objects).spec!.template.spec!
const container = (objects: Rendered[]) => podOf(objects).containers[0]!
const variable = (objects: Rendered[], name: string) => container(objects).env!.find(each => each.name === name)?.value
const webhooksOf = (objects: Rendered[]) => ['Validating', 'Mutating'].map(kind => {
  const { metadata, webhooks } = only<V1ValidatingWebhookConfiguration>(objects, `${kind}WebhookConfiguration`)
  return { ...webhooks![0]!, annotations: metadata!.annotations }
})
const kinds = (objects: Rendered[]) => [...new Set(objects.map(({ kind }) => kind))].sort()
const absent = (kind: string) => (objects: Rendered[]) => kinds(objects).includes(kind)

/** A value, what is looked at, and what should be seen there. */
const effects: Array<[values: Record<string, unknown>, look: (objects: Rendered[]) => unknown, expected: unknown]> = [
  [{}, o => container(o).image, 'registry.example.com/topicten:0.1.0'],
  [{ 'image.tag': 'v2' }, o => container(o).image, 'registry.example.com/topicten:v2'],
  [{ 'image.tag': 'v2', 'image.digest': 'sha256:ab' }, o => container(o).image, 'registry.example.com/topicten@sha256:ab'],
  [{ 'image.pullPolicy': 'Never' }, o => container(o).imagePullPolicy, 'Never'],
  [{ imagePullSecrets: [{ name: 'r' }] }, o => podOf(o).imagePullSecrets, [{ name: 'r' }]],
  [{ fullnameOverride: 'countdown' }, o => [deployment(o).metadata!.name, variable(o, 'LEASE_NAME'), variable(o, 'CERT_SECRET')], ['countdown', 'countdown', 'countdown-webhook']],
  [{ commonLabels: { team: 'a' } }, o => o.filter(({ metadata }) => metadata.labels?.['team'] !== 'a').map(({ kind }) => kind), []],
  [{ commonLabels: { team: 'a' } }, o => deployment(o).spec!.selector.matchLabels!['team'], undefined],
  [{}, o => deployment(o).spec!.replicas, 2],
  [{ replicas: 3 }, o => deployment(o).spec!.replicas, 3],
  [{}, o => only<V1PodDisruptionBudget>(o, 'PodDisruptionBudget').spec!.maxUnavailable, 1],
  [{ 'podDisruptionBudget.enabled': false }, absent('PodDisruptionBudget'), false],
  [{}, o => podOf(o).topologySpreadConstraints!.map(({ topologyKey, labelSelector }) => [topologyKey, labelSelector?.matchLabels]), [
    ['kubernetes.io/hostname', { 'app.kubernetes.io/name': 'topicten', 'app.kubernetes.io/instance': 'topicten' }],
    ['topology.kubernetes.io/zone', { 'app.kubernetes.io/name': 'topicten', 'app.kubernetes.io/instance': 'topicten' }]
  ]],
  [{ topologySpreadConstraints: [] }, o => podOf(o).topologySpreadConstraints, undefined],
  [{ priorityClassName: 'high' }, o => podOf(o).priorityClassName, 'high'],
  [{}, o => only<Rendered>(o, 'CustomResourceDefinition').metadata.annotations, { 'helm.sh/resource-policy': 'keep' }],
  [{ 'crds.keep': false }, o => only<Rendered>(o, 'CustomResourceDefinition').metadata.annotations, undefined],
  [{ 'crds.enabled': false }, absent('CustomResourceDefinition'), false],
  [{ 'serviceAccount.create': false, 'serviceAccount.name': 'mine' }, o => podOf(o).serviceAccountName, 'mine'],
  [{ 'serviceAccount.annotations': { a: 'b' } }, o => only<Rendered>(o, 'ServiceAccount', 'topicten').metadata.annotations, { a: 'b' }],
  [{}, o => [only<Rendered>(o, 'ServiceAccount', 'topicten')['automountServiceAccountToken'], podOf(o).automountServiceAccountToken], [false, true]],
  [{ 'rbac.create': false }, o => o.filter(({ kind, metadata }) => /Role/.test(kind!) && metadata.name !== 'topicten-test').length, 0],
  [{ 'rbac.aggregate': false }, o => o.filter(({ metadata }) => /-(view|edit)$/.test(metadata.name)).length, 0],
  [{ watchNamespace: 'team' }, o => variable(o, 'WATCH_NAMESPACE'), 'team'],
  [{ watchNamespace: 'team' }, o => [...new Set(webhooksOf(o).map(each => JSON.stringify(each.namespaceSelector)))], [JSON.stringify({
    matchExpressions: [
      { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] },
      { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['team'] }
    ]
  })]],
  [{}, o => ['RELEASE_NAME', 'INSTALL_LEASE', 'INSTALL_LEASE_NAMESPACE', 'INSTALL_LEASE_OWNER'].map(name => variable(o, name)),
    ['topicten', 'topicten-install', 'kube-system', 'topicten']],
  [{ 'rbac.create': false, 'installClaim.namespace': 'a' }, o => [variable(o, 'INSTALL_LEASE_NAMESPACE'), variable(o, 'INSTALL_LEASE_OWNER')], ['a', '']],
  [{ 'installClaim.enabled': false }, o => variable(o, 'INSTALL_LEASE'), undefined],
  [{ countdownIntervalSeconds: 0.5 }, o => variable(o, 'COUNTDOWN_INTERVAL_SECONDS'), '0.5'],
  [{ reconcileConcurrency: 3 }, o => variable(o, 'RECONCILE_CONCURRENCY'), '3'],
  [{ leaderElection: { leaseDurationSeconds: 9, renewDeadlineSeconds: 6, retrySeconds: 1.5 } },
    o => ['LEASE_DURATION_SECONDS', 'LEASE_RENEW_DEADLINE_SECONDS', 'LEASE_RETRY_SECONDS'].map(name => variable(o, name)), ['9', '6', '1.5']],
  [{ shutdownDelaySeconds: 20 }, o => [variable(o, 'SHUTDOWN_DELAY_SECONDS'), podOf(o).terminationGracePeriodSeconds], ['20', 50]],
  [{ logLevel: 'debug' }, o => variable(o, 'LOG_LEVEL'), 'debug'],
  [{ extraEnv: [{ name: 'NODE_OPTIONS', value: '--trace-gc' }] }, o => variable(o, 'NODE_OPTIONS'), '--trace-gc'],
  [{}, o => container(o).resources, { requests: { cpu: '50m', memory: '160Mi', 'ephemeral-storage': '64Mi' }, limits: { memory: '320Mi' } }],
  [{ 'podSecurityContext.runAsUser': null }, o => Object.hasOwn(podOf(o).securityContext!, 'runAsUser'), false],
  [{ podAnnotations: { a: 'b' } }, o => deployment(o).spec!.template.metadata!.annotations, { a: 'b' }],
  [{ podLabels: { a: 'b' } }, o => [deployment(o).spec!.template.metadata!.labels!['a'], deployment(o).spec!.selector.matchLabels!['a']], ['b', undefined]],
  [{ nodeSelector: { a: 'b' } }, o => podOf(o).nodeSelector, { a: 'b' }],
  [{ tolerations: [{ operator: 'Exists' }] }, o => podOf(o).tolerations, [{ operator: 'Exists' }]],
  [{ affinity: { nodeAffinity: {} } }, o => podOf(o).affinity, { nodeAffinity: {} }],

  [{}, o => webhooksOf(o).map(({ failurePolicy, timeoutSeconds, clientConfig }) => [failurePolicy, timeoutSeconds, clientConfig.caBundle]),
    [['Fail', 5, undefined], ['Fail', 5, undefined]]],
  [{ 'webhook.failurePolicy': 'Ignore', 'webhook.timeoutSeconds': 9 }, o => webhooksOf(o).map(each => [each.failurePolicy, each.timeoutSeconds]),
    [['Ignore', 9], ['Ignore', 9]]],
  [{ 'webhook.url': 'https://10.0.0.5:9443' }, o => webhooksOf(o).map(({ clientConfig }) => clientConfig),
    [{ url: 'https://10.0.0.5:9443/validate-topicten' }, { url: 'https://10.0.0.5:9443/mutate-pod' }]],
  [{ 'webhook.url': 'https://[fd00::5]:9443', 'webhook.extraNames': ['a'] }, o => variable(o, 'WEBHOOK_EXTRA_NAMES'), 'a,fd00::5'],
  [{ 'webhook.annotations': { a: 'b' } }, o => webhooksOf(o).map(({ annotations }) => annotations), [{ a: 'b' }, { a: 'b' }]],
  [{ 'webhook.certSecret': 'mine', 'webhook.caBundle': 'AAAA' }, o => [
    ...webhooksOf(o).map(({ clientConfig }) => clientConfig.caBundle), variable(o, 'WEBHOOK_CERT_DIR'), variable(o, 'CERT_SECRET'), podOf(o).volumes
  ], ['AAAA', 'AAAA', '/certificates', undefined, [{ name: 'certificates', secret: { secretName: 'mine' } }]]],
  [{ 'webhook.enabled': false }, o => kinds(o).filter(kind => kind!.endsWith('WebhookConfiguration')), []],
  [{ 'webhook.enabled': false }, o => [variable(o, 'WEBHOOK_CONFIGURATION'), only<V1Service>(o, 'Service').spec!.ports!.map(({ name }) => name)], [undefined, ['metrics']]],
  [{ 'webhook.certManager.enabled': true }, o => webhooksOf(o).map(({ annotations }) => annotations),
    [{ 'cert-manager.io/inject-ca-from': 'topicten-system/topicten-webhook' }, { 'cert-manager.io/inject-ca-from': 'topicten-system/topicten-webhook' }]],
  [{ 'webhook.certManager.enabled': true, 'webhook.extraNames': ['a.example.com', '10.0.0.5', 'fd00::5'] }, o => {
    const { spec } = only<{ spec: Record<string, unknown> }>(o, 'Certificate', 'topicten-webhook')
    return [spec['secretName'], spec['dnsNames'], spec['ipAddresses'], spec['issuerRef'], podOf(o).volumes![0]!.secret!.secretName]
  }, [
    'topicten-webhook-files',
    ['topicten.topicten-system.svc', 'topicten.topicten-system.svc.cluster.local', 'a.example.com'], ['10.0.0.5', 'fd00::5'],
    { kind: 'Issuer', name: 'topicten-webhook' }, 'topicten-webhook-files'
  ]],
  [{ 'webhook.certManager.enabled': true, 'webhook.certManager.issuerRef': { kind: 'ClusterIssuer', name: 'internal' } },
    o => o.filter(({ kind }) => kind === 'Issuer' || kind === 'Certificate').map(({ metadata }) => metadata.name), ['topicten-webhook']],

  [{}, o => only<V1NetworkPolicy>(o, 'NetworkPolicy').spec!.ingress, [
    { ports: [{ port: 9443, protocol: 'TCP' }] }, { ports: [{ port: 8080, protocol: 'TCP' }], from: [{ namespaceSelector: {} }] }
  ]],
  [{}, o => only<V1NetworkPolicy>(o, 'NetworkPolicy').spec!.egress, [
    { ports: [{ port: 443, protocol: 'TCP' }, { port: 6443, protocol: 'TCP' }] }, { ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }] }
  ]],
  [{ 'webhook.enabled': false, 'networkPolicy.metricsFrom': [] }, o => only<V1NetworkPolicy>(o, 'NetworkPolicy').spec!.ingress, undefined],
  [{ 'networkPolicy.apiServerTo': [{ ipBlock: { cidr: '10.0.0.1/32' } }], 'networkPolicy.apiServerPorts': [6443] },
    o => only<V1NetworkPolicy>(o, 'NetworkPolicy').spec!.egress![0], { ports: [{ port: 6443, protocol: 'TCP' }], to: [{ ipBlock: { cidr: '10.0.0.1/32' } }] }],
  [{ 'networkPolicy.enabled': false }, absent('NetworkPolicy'), false],

  [{}, o => ['ServiceMonitor', 'PrometheusRule', 'ConfigMap'].filter(kind => kinds(o).includes(kind)), []],
  [{ 'metrics.serviceMonitor': { enabled: true, labels: { release: 'prometheus' } } }, o => {
    const { metadata, spec } = only<Rendered>(o, 'ServiceMonitor')
    return [metadata.labels!['release'], (spec as { endpoints: unknown }).endpoints]
  }, ['prometheus', [{ port: 'metrics', path: '/metrics', interval: '30s', scrapeTimeout: '10s' }]]],
  [{ 'metrics.auth': true, 'metrics.serviceMonitor.enabled': true, 'networkPolicy.webhookFrom': [{ podSelector: {} }] }, o => [
    variable(o, 'METRICS_AUTH'),
    only<V1Service>(o, 'Service').spec!.ports!.map(({ name }) => name),
    only<V1NetworkPolicy>(o, 'NetworkPolicy').spec!.ingress!.map(({ ports }) => ports![0]!.port),
    only<{ spec: { endpoints: unknown } }>(o, 'ServiceMonitor').spec.endpoints
  ], ['true', ['webhooks'], [9443, 9443], [{
    port: 'webhooks',
    path: '/metrics',
    scheme: 'https',
    bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    tlsConfig: { serverName: 'topicten.topicten-system.svc', ca: { secret: { name: 'topicten-webhook', key: 'ca.crt' } } },
    interval: '30s',
    scrapeTimeout: '10s'
  }]]],
  [{ 'metrics.dashboard.enabled': true }, o => only<Rendered>(o, 'ConfigMap').metadata.labels!['grafana_dashboard'], '1']
]

t.test('each value has its effect', async t => {
  const rendered = new Map<string, Promise<Rendered[]>>()
  for (const [values, look, expected] of effects) {
    const key = JSON.stringify(values)
    const objects = rendered.get(key) ?? render(setting(values))
    rendered.set(key, objects)
    t.strictSame(look(await objects), expected, key)
  }
})

t.test('two installs that watch a namespace each share no name', async t => {
  const install = async (namespace: string) => {
    const objects = await render(setting({ watchNamespace: namespace, 'crds.enabled': false }), { namespace })
    return objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
  }
  const [one, two] = await Promise.all([install('one'), install('two')])
  t.strictSame(one.filter(each => two.includes(each)), [])
})

t.test('the same values render the same, and no hook runs but those of helm test', async t => {
  const [one, two] = await Promise.all([renderText(setting({})), renderText(setting({}))])
  t.equal(one, two)
  const hooks = (await render(setting({}))).map(({ metadata }) => metadata.annotations?.['helm.sh/hook']).filter(hook => hook !== undefined)
  t.strictSame([...new Set(hooks)], ['test'])
})
