import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { namespace } from '../fixtures/control-plane.ts'
import { restrictedPod, sharedNodePlane, untilServed } from '../fixtures/node.ts'

const plane = await sharedNodePlane(t)
const ns = await namespace(t, plane)
await plane.kubectl(['label', 'namespace', ns, 'pod-security.kubernetes.io/enforce=restricted'])

const { operator } = plane.images
const inNs = (args: string[], input?: string) => plane.kubectl([`--namespace=${ns}`, ...args], input)
const make = (object: object) => inNs(['create', '--filename=-'], JSON.stringify(object))
const serving = 'require("http").createServer((q, a) => a.end(process.env.HOSTNAME + " " + process.getuid())).listen(8080); process.on("SIGTERM", () => process.exit(0))'
const asking = (url: string) => `fetch("${url}").then(r => r.text()).then(console.log)`

await make(restrictedPod('server', operator, serving, { ports: [{ containerPort: 8080 }], readinessProbe: { httpGet: { path: '/', port: 8080 } } }))
await inNs(['expose', 'pod', 'server', '--port=80', '--target-port=8080'])
await inNs(['wait', '--for=condition=Ready', 'pod/server', '--timeout=60s'])
const service = await untilServed(plane, ns, 'server', 80)

/** What a pod that runs `script` prints. */
async function outputOf (name: string, script: string): Promise<string> {
  await make({ ...restrictedPod(name, operator, script), spec: { ...(restrictedPod(name, operator, script) as { spec: object }).spec, restartPolicy: 'Never' } })
  await inNs(['wait', '--for=jsonpath={.status.phase}=Succeeded', `pod/${name}`, '--timeout=60s'])
  return inNs(['logs', name])
}

await t.test('a pod of our image runs as nobody in particular, and a Service finds it from this machine', async t => {
  t.equal(await (await fetch(`http://${service}`)).text(), 'server 65532')
})

await t.test('a Service finds it from a pod on the same node, and itself', async t => {
  t.equal(await outputOf('client', asking(`http://${service}`)), 'server 65532\n')
  t.equal(await inNs(['exec', 'server', '--', 'node', '--eval', asking(`http://${service}`)]), 'server 65532\n')
})

await t.test('a pod finds what listens on this machine', async t => {
  const server = createServer((_, answer) => answer.end('here')).listen(0, plane.hostAddress)
  await once(server, 'listening')
  t.teardown(() => server.close())
  t.equal(await outputOf('caller', asking(`http://${plane.hostAddress}:${(server.address() as AddressInfo).port}`)), 'here\n')
})

await t.test('a pod finds no one else', async t => {
  const script = 'require("net").connect(80, "192.0.2.1", () => console.log("connected")).setTimeout(1000, function () { this.destroy(); console.log("nobody") }).on("error", () => console.log("nobody"))'
  t.equal(await outputOf('explorer', script), 'nobody\n')
})

await t.test("a pod's ServiceAccount is known to the API server at its Service", async t => {
  const script = `
    const { readFileSync: read } = require('fs'), dir = '/var/run/secrets/kubernetes.io/serviceaccount/'
    require('https').get({
      host: process.env.KUBERNETES_SERVICE_HOST, path: '/version', ca: read(dir + 'ca.crt'),
      headers: { authorization: 'Bearer ' + read(dir + 'token') }
    }, answer => console.log(answer.resume().statusCode))`
  t.equal(await outputOf('account', script), '200\n')
})

await t.test('a root file system that is read-only stays so', async t => {
  t.match(await outputOf('writer', 'try { require("fs").writeFileSync("/app/x", "") } catch (error) { console.log(error.code) }'), /^EROFS\n/)
})

await t.test('an image that the node does not have is not run', async t => {
  await make(restrictedPod('stranger', { reference: 'localhost/topicten/nothing:1', archive: '' }, ''))
  await inNs(['wait', '--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull', 'pod/stranger', '--timeout=60s'])
  t.equal(await inNs(['get', 'pod', 'stranger', '--output=jsonpath={.status.phase}']), 'Pending')
})
