// Two installs on a real API server, each with the rights of its ServiceAccount: the first works, the second says who was there first.
import t, { type Test } from 'tap'
import { namespace, privateControlPlane } from '../fixtures/control-plane.ts'
import { installChart, operatorEnvironment, runOperator } from '../fixtures/operator.ts'
import { manifest } from '../fixtures/topicten.ts'

const lease = 'topicten-install'
const plane = await privateControlPlane(t, { audit: true })

/** Their operators still run when their rights go. */
const uninstalled = new Set<string>()

/** The chart's rights and those it gives with a claim; `watched` empty: the whole cluster. */
async function stage (t: Test, watched?: string) {
  const ns = await namespace(t, plane)
  const isWide = watched === ''
  const scope = isWide ? '' : watched ?? ns
  await installChart(plane, ns, { watchNamespace: scope, fullnameOverride: `tt-${ns}`, 'serviceAccount.name': 'topicten', 'rbac.aggregate': 'false' })
  const metadata = (name: string, namespace?: string) => ({ name, ...namespace !== undefined && { namespace } })
  const subjects = [{ kind: 'ServiceAccount', name: 'topicten', namespace: ns }]
  const rbac = 'rbac.authorization.k8s.io'
  const objects: Array<{ kind: string, metadata: { name: string, namespace?: string } }> = []
  const grant = (kind: 'Role' | 'ClusterRole', name: string, where: string | undefined, rules: object[]) => {
    const head = { apiVersion: `${rbac}/v1`, metadata: metadata(name, where) }
    objects.push({ ...head, kind, rules } as never, { ...head, kind: `${kind}Binding`, roleRef: { apiGroup: rbac, kind, name }, subjects } as never)
  }
  const leases = (verbs: string[]) => ({ apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [lease], verbs })
  const owner = `tt-${ns}`
  const own = { apiGroups: [rbac], resources: [isWide ? 'clusterroles' : 'roles'], resourceNames: [owner], verbs: ['get'] }
  if (isWide) {
    grant('ClusterRole', `${owner}-install`, undefined, [leases(['list', 'watch']), own])
    grant('Role', `${owner}-install`, 'kube-system', [leases(['create', 'patch'])])
  } else {
    grant('Role', `${owner}-install`, scope, [leases(['list', 'watch', 'create', 'patch']), own])
    grant('Role', `${owner}-install-wide`, 'kube-system', [leases(['list', 'watch'])])
  }
  await plane.kubectl(['apply', '--server-side', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  const environment = await operatorEnvironment(plane, ns, {
    WATCH_NAMESPACE: scope, LEASE_NAME: owner, RELEASE_NAME: 'rel', INSTALL_LEASE: lease, INSTALL_LEASE_OWNER: owner
  })
  const kind = isWide ? ['clusterrole'] : ['role', `--namespace=${scope}`]
  return {
    ns,
    run: (name = 'operator') => runOperator(t, { ...environment, POD_NAME: name }),
    /** As helm does: the roles go, and the claim with them. */
    uninstall: async () => {
      uninstalled.add(ns)
      await plane.kubectl(['delete', ...kind, owner, '--wait=false'])
    }
  }
}

type Running = Awaited<ReturnType<Awaited<ReturnType<typeof stage>>['run']>>

const verbose = async ({ url }: Running) => (await fetch(`${url}/readyz?verbose`)).text()
async function until (holds: () => boolean | Promise<boolean>) {
  while (!await holds()) await new Promise(resolve => setTimeout(resolve, 50))
}
const says = (operator: Running, text: string) => until(async () => (await verbose(operator)).includes(text))
const leads = (operator: Running) => until(() => operator.leading)
const gone = (ns: string) => until(async () => (await plane.kubectl(['get', 'lease', lease, `--namespace=${ns}`, '--ignore-not-found'])) === '')

t.test('two for the whole cluster: the second is unready, names the first, does not lead, and takes over when that is gone', async t => {
  const [a, b] = [await stage(t, ''), await stage(t, '')]
  const first = await a.run()
  await leads(first)
  t.ok((await fetch(`${first.url}/readyz`)).ok)
  const second = await b.run()
  await says(second, `[-]install failed: the release "rel" in the namespace "${a.ns}" looks after the whole cluster already`)
  const sibling = await a.run('sibling')
  await says(sibling, '[+]install ok')
  t.notOk(second.leading)
  t.strictSame((await plane.kubectl(['get', 'leases', '--all-namespaces', `--field-selector=metadata.name=${lease}`, '--output=jsonpath={.items[*].spec.holderIdentity}'])), `${a.ns}/rel`)
  await Promise.all([first.stop(), sibling.stop()])
  t.notOk(second.leading, 'an install whose replicas are away for a while is still installed')
  await a.uninstall()
  await leads(second)
  await second.stop()
  await b.uninstall()
  await gone('kube-system')
})

t.test('installs for namespaces of their own stand side by side; one for the whole cluster waits for them all', async t => {
  const [a, b, wide] = [await stage(t), await stage(t), await stage(t, '')]
  // Of two claims the older one is named.
  const first = await a.run()
  await leads(first)
  const second = await b.run()
  await leads(second)
  const third = await wide.run()
  await says(third, `looks after the namespace "${a.ns}" already`)
  await plane.kubectl(['create', `--namespace=${a.ns}`, '--filename=-'], JSON.stringify(manifest('alpha')))
  await plane.kubectl(['wait', '--for=create', `--namespace=${a.ns}`, 'deployment/alpha', '--timeout=30s'])
  t.notOk(third.leading)
  await Promise.all([first.stop(), a.uninstall()])
  await says(third, `looks after the namespace "${b.ns}" already`)
  t.ok(second.leading)
  await Promise.all([second.stop(), b.uninstall()])
  await leads(third)
  await Promise.all([third.stop(), wide.uninstall()])
  await gone('kube-system')
})

t.test('beside one for the whole cluster, and beside one for the same namespace, an install for a namespace refuses', async t => {
  const wide = await stage(t, '')
  const first = await wide.run()
  await leads(first)
  const a = await stage(t)
  const second = await a.run()
  await says(second, `the release "rel" in the namespace "${wide.ns}" looks after the whole cluster already`)
  t.notOk(second.leading)
  const b = await stage(t, a.ns)
  const third = await b.run()
  await says(third, '[-]install failed')
  await Promise.all([first.stop(), wide.uninstall()])
  await leads(second)
  await says(third, `the release "rel" in the namespace "${a.ns}" looks after the namespace "${a.ns}" already`)
  t.notOk(third.leading)
})

t.test('a claim that is deleted by hand is made anew, and nothing stops for that; one that another took stops the work', async t => {
  const a = await stage(t)
  const operator = await a.run()
  await leads(operator)
  const claimed = () => operator.log.lines.filter(({ message }) => message === 'install claimed').length
  await plane.kubectl(['delete', 'lease', lease, `--namespace=${a.ns}`])
  await until(() => claimed() === 2)
  t.ok(operator.leading)
  t.equal(operator.log.lines.filter(({ message }) => message === 'leading').length, 1)
  const hold = (identity: string) => plane.kubectl(['patch', 'lease', lease, `--namespace=${a.ns}`, '--type=merge', `--patch={"spec":{"holderIdentity":"${identity}"}}`])
  await hold('other/rel')
  await until(() => !operator.leading)
  t.match(await verbose(operator), 'the release "rel" in the namespace "other"')
  await hold(`${a.ns}/rel`)
  await leads(operator)
})

t.test('an install whose role is gone claims nothing: it is being uninstalled', async t => {
  const a = await stage(t)
  const operator = await a.run()
  await leads(operator)
  await a.uninstall()
  await until(() => operator.log.lines.some(({ message }) => message === 'install not claimed'))
  await operator.stop()
  await gone(a.ns)
})

t.test('nothing was asked for without the right to it', async t => {
  const refused = (await plane.auditEvents()).filter(({ user, responseStatus }) => user?.username?.endsWith(':topicten') && responseStatus?.code === 403 &&
    !uninstalled.has(user.username.split(':')[2]!))
  t.strictSame(refused.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource} ${objectRef?.namespace}/${objectRef?.name}`), [])
})
