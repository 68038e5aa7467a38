// The rights each kind of install gets, as they were reviewed: a right that is added or widened has to be written down here as well.
import t from 'tap'
import type { V1ClusterRole, V1PolicyRule, V1RoleBinding } from '@kubernetes/client-node'
import { render, type Rendered, setting } from '../fixtures/chart.ts'

/** `resource verbs`, with the names it is narrowed to in brackets; by kind, namespace and name of the role. */
type Rights = Record<string, string[]>

const topicTens = 'app.lyc-handson-aws.com/topictens'
const work = [
  `${topicTens} get,list,watch`,
  `${topicTens}/status patch`,
  'apps/deployments get,list,watch,create,patch',
  'events.k8s.io/events create,patch'
]
const pods = 'pods list,watch'
const claim = 'coordination.k8s.io/leases[topicten-install]'
const wide = [...work, pods, `${claim} list,watch`, 'rbac.authorization.k8s.io/clusterroles[topicten] get']
const leader = ['coordination.k8s.io/leases[topicten] get,list,watch,create,patch,update']
const secret = ['secrets[topicten-webhook] list,watch,create,patch']
const configurations = (name: string, verbs: string) => ['validating', 'mutating']
  .map(kind => `admissionregistration.k8s.io/${kind}webhookconfigurations[${name}] ${verbs}`)
const test = [`${topicTens} create`]
const references = (name: string) => ({ [`ClusterRole ${name}-references`]: [], [`ClusterRole ${name}-references-configmaps`]: ['configmaps list,watch'] })
const people = (name: string) => ({
  [`ClusterRole ${name}-view`]: [`${topicTens} get,list,watch`, `${topicTens}/status get,list,watch`],
  [`ClusterRole ${name}-edit`]: [`${topicTens} create,update,patch,delete,deletecollection`]
})

const table: Array<[install: string, values: Record<string, unknown>, rights: Rights]> = [
  ['default', {}, {
    'ClusterRole topicten': wide,
    'Role kube-system/topicten-claim': [`${claim} create,patch`],
    'Role topicten-system/topicten-leader': leader,
    'ClusterRole topicten-webhooks': configurations('topicten', 'list,watch,patch'),
    'Role topicten-system/topicten-webhooks': secret,
    'Role topicten-system/topicten-test': test,
    ...people('topicten'),
    ...references('topicten')
  }],
  ['one namespace', { watchNamespace: 'team' }, {
    'Role team/topicten': [...work, pods, `${claim} list,watch,create,patch`, 'rbac.authorization.k8s.io/roles[topicten] get'],
    'Role kube-system/topicten-team-claim': [`${claim} list,watch`],
    'Role topicten-system/topicten-leader': leader,
    'ClusterRole topicten-team-webhooks': configurations('topicten-team', 'list,watch,patch'),
    'Role topicten-system/topicten-webhooks': secret,
    'Role team/topicten-test': test,
    ...people('topicten-team'),
    ...references('topicten-team')
  }],
  ['certificates from cert-manager', { 'webhook.certManager.enabled': true, 'rbac.aggregate': false, 'references.configMaps': false }, {
    'ClusterRole topicten-references': [],
    'ClusterRole topicten': wide,
    'Role kube-system/topicten-claim': [`${claim} create,patch`],
    'Role topicten-system/topicten-leader': leader,
    'ClusterRole topicten-webhooks': configurations('topicten', 'list,watch'),
    'Role topicten-system/topicten-test': test
  }],
  ['guarded metrics', { 'metrics.auth': true, 'webhook.certSecret': 'a', 'webhook.caBundle': 'AAAA', 'rbac.aggregate': false, 'installClaim.enabled': false, 'references.enabled': false }, {
    'ClusterRole topicten': [...work, pods],
    'ClusterRole topicten-guard': ['authentication.k8s.io/tokenreviews create', 'authorization.k8s.io/subjectaccessreviews create'],
    'Role topicten-system/topicten-leader': leader,
    'ClusterRole topicten-webhooks': configurations('topicten', 'list,watch'),
    'ClusterRole topicten-metrics': ['/metrics get'],
    'ClusterRole topicten-loglevel': ['/loglevel get,put'],
    'Role topicten-system/topicten-test': test
  }],
  ['no webhook', { 'webhook.enabled': false, 'rbac.aggregate': false, 'installClaim.enabled': false, 'references.enabled': false }, {
    'ClusterRole topicten': [`${topicTens} list,watch`, ...work.slice(1)],
    'Role topicten-system/topicten-leader': leader,
    'Role topicten-system/topicten-test': test
  }],
  ['rights made by somebody else', { 'rbac.create': false }, { 'Role topicten-system/topicten-test': test }]
]

function rightsOf (objects: Rendered[]): Rights {
  return Object.fromEntries(objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole').map(object => {
    const { kind, metadata: { namespace, name }, rules } = object as Rendered & V1ClusterRole
    return [`${kind} ${[namespace, name].filter(Boolean).join('/')}`, (rules ?? []).flatMap(rightsOfRule)]
  }))
}

function rightsOfRule ({ apiGroups = [], resources = [], resourceNames, nonResourceURLs, verbs }: V1PolicyRule): string[] {
  if (nonResourceURLs !== undefined) return nonResourceURLs.map(url => `${url} ${verbs.join()}`)
  return apiGroups.flatMap(group => resources.map(resource =>
    `${group === '' ? '' : `${group}/`}${resource}${resourceNames ? `[${resourceNames.join()}]` : ''} ${verbs.join()}`))
}

t.test('each kind of install has the rights of the table and no other', async t => {
  for (const [install, values, rights] of table) t.strictSame(rightsOf(await render(setting(values))), rights, install)
})

t.test('every role is bound to the ServiceAccount that uses it', async t => {
  const objects = await render(setting({}))
  const bound = objects.filter(({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding').map(object => {
    const { roleRef, subjects } = object as Rendered & V1RoleBinding
    return `${roleRef.kind} ${roleRef.name}: ${subjects!.map(({ namespace, name }) => `${namespace}/${name}`).join()}`
  })
  t.strictSame(bound.sort(), [
    'ClusterRole topicten-references: topicten-system/topicten',
    'ClusterRole topicten-webhooks: topicten-system/topicten',
    'ClusterRole topicten: topicten-system/topicten',
    'Role topicten-claim: topicten-system/topicten',
    'Role topicten-leader: topicten-system/topicten',
    'Role topicten-test: topicten-system/topicten-test',
    'Role topicten-webhooks: topicten-system/topicten'
  ])
})
