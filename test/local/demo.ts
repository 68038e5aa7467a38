import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { privateControlPlane } from '../fixtures/control-plane.ts'

const root = join(import.meta.dirname, '../..')

/** Starts the demo away from a terminal, with a temporary directory of its own to see what is left of it. */
function startDemo (t: Test, args: string[], env: NodeJS.ProcessEnv = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'demo-test-'))
  t.teardown(() => { rmSync(dir, { recursive: true, force: true }) })
  const child = spawn(process.execPath, [join(root, 'local/demo.ts'), ...args], {
    env: { ...process.env, TMPDIR: dir, ...env }, stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const closed = once(child, 'close')
  let output = ''
  const waiting: { text: string, resolve: () => void }[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      for (const { text, resolve } of waiting) if (output.includes(text)) resolve()
    })
  }
  return {
    /** Resolves as soon as `text` was printed; rejects when it ends without. */
    prints: (text: string) => new Promise<void>((resolve, reject) => {
      waiting.push({ text, resolve })
      if (output.includes(text)) resolve()
      void closed.then(() => { reject(new Error(`the demo ended before it printed "${text}":\n${output}`)) })
    }),
    signal: (signal: NodeJS.Signals) => { child.kill(signal) },
    /** Resolves at its end with all it printed and its exit code. */
    async end () {
      const [code] = await closed as [number | null]
      return { code, output }
    },
    /** What there is still of it: files, and processes that have its directory in an argument or a variable. */
    async remains () {
      const processes = spawnSync('ps', ['axeww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 2 ** 26 }).stdout
      return [...await readdir(dir), ...processes.split('\n').filter(line => line.includes(dir))]
    }
  }
}

/** The numbers of replicas that were shown, each once. */
function replicasIn (output: string): string[] {
  return [...new Set([...output.matchAll(/^› messages: (\d of \d) replicas/gm)].map(([, replicas]) => replicas!))]
}

const countdown = ['5 of 5', '4 of 5', '3 of 5', '2 of 5', '1 of 5']

await t.test('it counts a TopicTen down, says what happened and leaves nothing', async t => {
  const demo = startDemo(t, ['--interval', '1'])
  await demo.prints('Countdown')
  t.ok((await demo.remains()).length > 6, 'there is a lot to clear up')
  const { code, output } = await demo.end()
  t.equal(code, 0)
  t.strictSame(replicasIn(output), countdown)
  t.match(output, /wrong-arns\.yaml: refused\n(.*\n)*.*\* spec\.targetarn: found/)
  t.match(output, /^› STORAGE_ARN=arn:aws:s3:::topicten-messages$/m)
  t.match(output, /What happened\n.*\n.*●●●●● 5 of 5 +the Deployment is made\n(.* one less after \d\.\d s\n){4}/)
  t.match(output, /kubectl events --for topicten\/messages\n(.*\n)*.*Normal +Available +TopicTen\/messages(.*\n)*.*Done +TopicTen/)
  t.match(output, /What the pods wrote\n.*\n( .* messages-\S+ +verified .*\n)+\n {2}\d+ messages? of 1 pod: \d+ verified\./)
  t.match(output, /To go on with kubectl.*--keep\n(.*\n)* {2}kubectl explain topicten\.spec/)
  t.strictSame(await demo.remains(), [])
})

await t.test('with --keep it runs on until Ctrl-C', async t => {
  const demo = startDemo(t, ['--interval', '0.5', '--keep'])
  await demo.prints('Ctrl-C ends everything.')
  demo.signal('SIGINT')
  const { code, output } = await demo.end()
  t.equal(code, 130)
  t.match(output, /^ {2}export KUBECONFIG=\S+\/kubeconfig$/m)
  t.match(output, /^ {2}export AWS_ENDPOINT_URL=\S+ .*\n {2}npm run workload -- read --namespace default --name messages /m)
  t.strictSame(await demo.remains(), [])
})

for (const text of ['starting kube-scheduler', '❯ Operator', '4 of 5']) {
  await t.test(`a Ctrl-C at "${text}" ends everything`, async t => {
    const demo = startDemo(t, ['--interval', '1'])
    await demo.prints(text)
    demo.signal('SIGINT')
    const { code, output } = await demo.end()
    t.equal(code, 130)
    t.match(output, 'interrupted')
    t.notMatch(output, 'What happened')
    t.strictSame(await demo.remains(), [])
  })
}

await t.test('without Go and programs it says what to install', async t => {
  const dir = t.testdir({ empty: {} })
  const demo = startDemo(t, [], { PATH: `${dir}/empty`, TOPICTEN_CACHE: `${dir}/cache`, KUBEBUILDER_ASSETS: '' })
  const { code, output } = await demo.end()
  t.equal(code, 1)
  t.match(output, /there is no go on the PATH\. Install Go/)
  t.notMatch(output, /^ +at /m)
  t.strictSame(await demo.remains(), [])
})

await t.test('an option that cannot be used is named, with a way out', async t => {
  const { code, output } = await startDemo(t, ['--fast']).end()
  t.equal(code, 64)
  t.match(output, /^demo: Unknown option '--fast'.*\n\nUsage: npm run demo /)
  t.notMatch(output, /^ +at /m)
})

await t.test('--help prints the usage', async t => {
  t.match(await startDemo(t, ['--help']).end(), { code: 0, output: /^Usage: npm run demo -- \[options\]\n/ })
})

await t.test('on an existing cluster', async t => {
  const plane = await privateControlPlane(t)
  const onCluster = (t: Test, ...args: string[]) =>
    startDemo(t, ['--interval', '1', ...args], { KUBECONFIG: plane.kubeconfig })
  const everything = () => plane.kubectl([
    'get', 'namespaces,crds,clusterroles,clusterrolebindings,deployments,roles,leases', '--all-namespaces', '--output=name'
  ])
  const before = await everything()

  await t.test('it works in a namespace of its own and removes all it made', async t => {
    const demo = onCluster(t, '--context', 'local')
    const { code, output } = await demo.end()
    t.equal(code, 0)
    t.match(output, 'no webhooks here: an API server elsewhere cannot call this machine')
    t.strictSame(replicasIn(output), countdown)
    t.equal(await everything(), before)
    t.strictSame(await demo.remains(), [])
  })

  await t.test('it does so on a Ctrl-C, and a CRD that was there before stays', async t => {
    await plane.kubectl(['apply', '--server-side', '--filename', join(root, 'deploy/crds/topictens.yaml')])
    const demo = onCluster(t, '--context', 'local')
    await demo.prints('4 of 5')
    demo.signal('SIGINT')
    const { code, output } = await demo.end()
    t.equal(code, 130)
    t.match(output, 'the CRD is there already: it stays as it is')
    t.equal(await plane.kubectl(['delete', 'crd/topictens.app.lyc-handson-aws.com', '--output=name']),
      'customresourcedefinition.apiextensions.k8s.io/topictens.app.lyc-handson-aws.com\n')
    t.equal(await everything(), before)
    t.strictSame(await demo.remains(), [])
  })

  await t.test('the CRD stays when somebody else has made TopicTens meanwhile', async t => {
    const demo = onCluster(t, '--context', 'local', '--keep')
    await demo.prints('Ctrl-C ends everything.')
    await plane.kubectl(['apply', '--server-side', '--filename', join(root, 'deploy/examples/topicten.yaml')])
    demo.signal('SIGINT')
    const { code, output } = await demo.end()
    t.equal(code, 130)
    t.match(output, 'alias kubectl="kubectl --context=\'local\' --namespace=topicten-demo"')
    t.match(output, 'it stays for the TopicTens of others: default/messages\n')
    t.equal(await plane.kubectl(['get', 'topictens', '--namespace=default', '--output=name']),
      'topicten.app.lyc-handson-aws.com/messages\n')
    await plane.kubectl(['delete', 'crd/topictens.app.lyc-handson-aws.com'])
  })

  await t.test('it leaves a namespace of that name to whoever has made it', async t => {
    await plane.kubectl(['create', 'namespace', 'topicten-demo'])
    const { code, output } = await onCluster(t, '--context', 'local').end()
    t.equal(code, 1)
    t.match(output, 'If nobody needs it: kubectl --context=local delete namespace topicten-demo')
    t.equal(await plane.kubectl(['get', 'namespace', 'topicten-demo', '--output=name']), 'namespace/topicten-demo\n')
  })

  await t.test('a context that is not there is told from those that are', async t => {
    const { code, output } = await onCluster(t, '--context', 'prod').end()
    t.equal(code, 1)
    t.match(output, 'there is no context "prod" in your kubeconfig; it has local')
  })
})
