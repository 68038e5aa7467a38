import fc from 'fast-check'
import { applyPatch, type Operation } from 'rfc6902'
import t from 'tap'
import { injectedVariables } from '../../api/names.ts'
import { inject } from '../../webhooks/injector.ts'
import { aPod, resolved } from '../fixtures/admission.ts'

interface Variable { name: string, value?: string, valueFrom?: object }
interface Container { name?: string, env?: Variable[] | null, [field: string]: unknown }
interface Pod { spec: { containers: Container[], initContainers?: Container[] } }

const field = (fieldPath: string) => ({ fieldRef: { apiVersion: 'v1', fieldPath } })
const ours: Variable[] = [
  { name: 'STORAGE_ARN', value: resolved.targetarn },
  { name: 'AWS_KMS_ARN', value: resolved.kmsarn },
  { name: 'AWS_LOG_GROUP_ARN', value: resolved.cloudwatcharn },
  { name: 'AWS_REGION', value: resolved.region },
  { name: 'MY_POD_NAME', valueFrom: field('metadata.name') },
  { name: 'MY_POD_NAMESPACE', valueFrom: field('metadata.namespace') },
  { name: 'MY_POD_IP', valueFrom: field('status.podIP') }
]
const without = (...names: string[]) => ours.filter(({ name }) => !names.includes(name))

/** The pod as the API server stores it, by a JSON Patch library that is not ours. */
function patchedPod<T extends object> (pod: T): T {
  const copy = structuredClone(pod)
  const { patch = '[]' } = inject(pod, resolved)
  for (const error of applyPatch(copy, JSON.parse(patch) as Operation[])) if (error !== null) throw error
  return copy
}

function envAfter (env?: unknown): unknown {
  const pod = aPod({ containers: [env === undefined ? { name: 'app' } : { name: 'app', env }] }) as unknown as Pod
  return patchedPod(pod).spec.containers[0]!.env
}

await t.test('our variables go first, and those that are set stay', async t => {
  const user: Variable = { name: 'URL', value: 's3://$(STORAGE_ARN)' }
  const own: Variable = { name: 'AWS_KMS_ARN', value: 'mine' }
  const cases: [string, unknown, unknown][] = [
    ['a container without env', undefined, ours], ['null', null, ours], ['an empty list', [], ours],
    ['variables of the user', [user], [...ours, user]],
    ['one of ours, set by the pod', [user, own], [...without('AWS_KMS_ARN'), user, own]],
    ['all of ours', ours, ours],
    ['all of ours in another order', [...ours].reverse(), [...ours].reverse()]
  ]
  for (const [name, before, after] of cases) t.strictSame(envAfter(before), after, name)
})

await t.test('containers, init containers and native sidecars get them, ephemeral containers do not', async t => {
  const spec = {
    initContainers: [{ name: 'init' }, { name: 'sidecar', restartPolicy: 'Always', env: [] }],
    containers: [{ name: 'app', envFrom: [{ secretRef: { name: 'x' } }], futureField: { a: [1] } }, { name: 'other', env: [{ name: 'A' }] }],
    ephemeralContainers: [{ name: 'debug' }],
    futureList: [{ env: [] }]
  }
  t.strictSame(patchedPod(aPod(spec)), aPod({
    ...spec,
    initContainers: spec.initContainers.map(container => ({ ...container, env: ours })),
    containers: [{ ...spec.containers[0], env: ours }, { name: 'other', env: [...ours, { name: 'A' }] }]
  }))
})

await t.test('a variable that is set differently earns a warning, but AWS_REGION', async t => {
  const cases: [string, unknown, boolean][] = [
    ['the same value', ours[0], false], ['another value', { name: 'STORAGE_ARN', value: 'x' }, true], ['no value', { name: 'STORAGE_ARN' }, true],
    ['a value from elsewhere', { name: 'STORAGE_ARN', valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } }, true],
    ['another region', { name: 'AWS_REGION', value: 'x' }, false], ['a region from elsewhere', { name: 'AWS_REGION', valueFrom: field('metadata.name') }, false],
    ['the same field', ours[4], false], ['the same field before defaults', { name: 'MY_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, false],
    ['another field', { name: 'MY_POD_NAME', valueFrom: field('metadata.uid') }, true], ['a value for a field', { name: 'MY_POD_IP', value: '10.0.0.1' }, true]
  ]
  for (const [name, variable, warned] of cases) {
    const { warnings } = inject(aPod({ containers: [{ name: 'app', env: [variable] }] }), resolved)
    t.strictSame(warnings, warned ? [`container "app": ${(variable as Variable).name} stays as the pod sets it, which differs from the TopicTen's`] : [], name)
  }
  const twice = [{ name: 'STORAGE_ARN', value: 'x' }, ours[0]]
  t.strictSame(inject(aPod({ containers: [{ env: twice }] }), resolved).warnings, [], 'of two with one name the last counts')
  t.match(inject(aPod({ containers: [{ env: [{ name: 'STORAGE_ARN' }] }] }), resolved).warnings, [/^container without a name: /])
})

await t.test('a pod that is none is refused with the field', async t => {
  const cases: [unknown, string][] = [
    [null, 'spec: found nothing; expected the spec of a pod'], [{}, 'spec: found nothing; expected the spec of a pod'],
    [{ spec: { containers: {} } }, 'spec.containers: found no list; expected a list of containers'],
    [{ spec: { initContainers: 'x' } }, 'spec.initContainers: found no list; expected a list of containers'],
    [{ spec: { containers: [7] } }, 'spec.containers.0.env: the container is no object'],
    [{ spec: { containers: [{ env: 'x' }] } }, 'spec.containers.0.env: found no list; expected a list of variables']
  ]
  for (const [pod, message] of cases) t.throws(() => inject(pod, resolved), { message }, message)
  t.strictSame(inject({ spec: { containers: [{ env: [null, 7] }] } }, resolved).warnings, [], 'a variable that is none is passed over')
})

const names = fc.constantFrom<string>(...injectedVariables, 'A', 'B', 'PATH')
const variable = fc.oneof(
  fc.record({ name: names, value: fc.string() }, { requiredKeys: ['name'] }),
  fc.record({ name: names, valueFrom: fc.constantFrom(field('metadata.name'), { fieldRef: { fieldPath: 'status.podIP' } }, { secretKeyRef: { name: 's', key: 'k' } }) })
)
const env = fc.option(fc.uniqueArray(variable, { selector: ({ name }) => name, maxLength: 10 }), { nil: undefined })
const container = fc.record({ name: fc.string(), env, envFrom: fc.constant([{}]), future: fc.jsonValue() }, { requiredKeys: ['name'] })
const containers = fc.array(container, { maxLength: 4 })
const anyPod = fc.record({ containers, initContainers: containers, ephemeralContainers: containers, future: fc.jsonValue() }, { requiredKeys: ['containers'] })
  // As it comes over the wire: no undefined, no -0.
  .map(spec => JSON.parse(JSON.stringify(aPod(spec))) as Pod)

/** A pod without the variables that are ours and were not in it before. */
function lessOurs (after: Pod, before: Pod): unknown {
  const strip = (list: 'containers' | 'initContainers') => after.spec[list]?.map((container, index) => {
    const { env: old, ...rest } = before.spec[list]![index]!
    const kept = container.env?.filter(({ name }) => old?.some(item => item.name === name) ?? false)
    return Object.keys(rest).length >= 0 && old === undefined ? { ...container, env: undefined } : { ...container, env: kept }
  })
  return JSON.parse(JSON.stringify({ ...after, spec: { ...after.spec, containers: strip('containers'), initContainers: strip('initContainers') } }))
}

await t.test('the patched pod has each variable once, nothing else changed, and a second pass patches nothing', async t => {
  fc.assert(fc.property(anyPod, pod => {
    const after = patchedPod(pod)
    for (const { env = [] } of [...after.spec.containers, ...after.spec.initContainers ?? []]) {
      for (const name of injectedVariables) if (env!.filter(item => item.name === name).length !== 1) return false
    }
    return inject(after, resolved).patch === undefined && JSON.stringify(lessOurs(after, pod)) === JSON.stringify(lessOurs(pod, pod))
  }), { numRuns: 2000 })
  t.pass('2000 pods')
})
