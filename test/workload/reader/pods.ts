import t from 'tap'
import { isPodOf, podOfStream, podPrefix } from '../../../workload/reader/pods.ts'

const long = 'n'.repeat(52)

await t.test('a pod is told by its name', async t => {
  const table: [string, string, boolean][] = [
    ['demo', 'demo-7d4b9c6f5d-x2v4z', true],
    ['demo', 'demo-68c-x2v4z', true],
    ['demo', 'demo-2-7d4b9c6f5d-x2v4z', false], // of another TopicTen, demo-2
    ['demo-2', 'demo-2-7d4b9c6f5d-x2v4z', true],
    ['demo', 'demo', false],
    ['demo', 'demo-x2v4z', false],
    ['demo', 'demo-7d4b9c6f5d-x2v4', false],
    ['demo', 'demo-7d4b9c6f5dzz-x2v4z', false],
    ['demo', 'other-7d4b9c6f5d-x2v4z', false],
    ['de.mo', 'dexmo-7d4b9c6f5d-x2v4z', false],
    // Kubernetes cuts the beginning of a generated name at 58 characters, here within the hash.
    [long, `${long}-7d4b9x2v4z`, true],
    [long, `${long}-7d4b9-x2v4z`, true],
    ['n'.repeat(63), `${'n'.repeat(58)}x2v4z`, true],
    ['n'.repeat(63), `${'n'.repeat(58)}x2v4`, false]
  ]
  for (const [name, pod, expected] of table) t.equal(isPodOf(name, pod), expected, `${pod} of ${name}`)
})

await t.test('every pod begins with the prefix, however long the name', async t => {
  t.equal(podPrefix('demo'), 'demo-')
  t.equal(podPrefix('n'.repeat(63)), 'n'.repeat(58))
})

await t.test('a stream belongs to the pod in its middle', async t => {
  const table: [string, string | undefined][] = [
    ['shop/demo-7d4b9c6f5d-x2v4z/10.0.0.1', 'demo-7d4b9c6f5d-x2v4z'],
    ['shop/demo-7d4b9c6f5d-x2v4z/fd00--1', 'demo-7d4b9c6f5d-x2v4z'],
    ['shop2/demo-7d4b9c6f5d-x2v4z/10.0.0.1', undefined],
    ['shop/demo-2-7d4b9c6f5d-x2v4z/10.0.0.1', undefined],
    ['shop/demo-7d4b9c6f5d-x2v4z', undefined],
    ['shop/demo-7d4b9c6f5d-x2v4z/', undefined],
    ['shop/demo-7d4b9c6f5d-x2v4z/10.0.0.1/2', undefined],
    ['shop', undefined]
  ]
  for (const [stream, pod] of table) t.equal(podOfStream(stream, 'shop', 'demo'), pod, stream)
})
