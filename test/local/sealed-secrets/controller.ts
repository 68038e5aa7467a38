import t from 'tap'
import { accountObjects, controllerArguments, controllerScript } from '../../../local/sealed-secrets/controller.ts'

await t.test('the controller listens on this machine alone and finds its account where a pod has it', async t => {
  const args = controllerArguments(1, 2)
  t.ok(['--listen-addr=127.0.0.1:1', '--listen-metrics-addr=127.0.0.1:2'].every(flag => args.includes(flag)))
  t.match(controllerScript('/bin/controller', '/dir/account', args),
    /^mount -t tmpfs .* && cp '\/dir\/account'\/\* \/run\/secrets\/kubernetes\.io\/serviceaccount && exec '\/bin\/controller' --listen-addr/)
})

await t.test('it may do with Secrets what it needs, and nothing with other kinds', async t => {
  const roles = accountObjects() as Array<{ kind: string, rules: Array<{ resources: string[], verbs: string[] }> }>
  const rules = roles.find(({ kind }) => kind === 'ClusterRole')?.rules ?? []
  t.strictSame(rules.flatMap(({ resources }) => resources), ['sealedsecrets', 'sealedsecrets/status', 'secrets', 'events'])
  t.notOk(rules.some(({ verbs }) => verbs.includes('*')))
})
