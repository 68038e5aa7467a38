// The Composition that stock functions carry out, rendered by them when they are given. The rest is in services.ts.
import t from 'tap'
import { type Rendered, startRenderer } from '../fixtures/renderer.ts'
import { stockFunctions, withoutStockFunctions } from '../fixtures/stock-functions.ts'

await t.test('the stock functions render it, pass by pass, until it is ready', { skip: withoutStockFunctions }, async t => {
  const render = await startRenderer(t, 'composition.yaml', stockFunctions)
  for (const [open, effect] of [[false, 'Deny'], [true, 'Allow']] as const) {
    let { status }: Pick<Rendered, 'status'> = {}
    let composed: Rendered[] = []
    const seen: string[] = []
    for (let pass = 0; pass < 4; pass++) {
      [{ status }, ...composed] = await render({ image: 'c', replicas: 2, location: 'Paris', public: open }, composed.map(answered), status)
      seen.push(`${composed.length} composed${isReady(status) ? ', ready' : ''}`)
    }
    // The second pass knows the ARNs, the third makes what needs them, the fourth has seen it.
    t.strictSame(seen, ['6 composed', '6 composed', '8 composed', '8 composed, ready'])
    const arns = { targetarn: 'arn:of:Bucket', kmsarn: 'arn:of:Key', cloudwatcharn: 'arn:of:Group' }
    t.match(status, arns)
    t.strictSame(composed.find(({ kind }) => kind === 'ConfigMap')?.data, arns)
    const { policy } = composed.find(({ kind }) => kind === 'BucketPolicy')?.spec?.['forProvider'] as { policy: string }
    const objects = { Resource: 'arn:of:Bucket/*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }
    const statements = [{ Effect: 'Deny', Action: 's3:PutObject', ...objects }, { Effect: effect, Action: 's3:GetObject', ...objects }]
    t.match(JSON.parse(policy), { Statement: statements }, `read without TLS: ${effect}`)
  }
})

/** As a provider answers. */
function answered (object: Rendered): Rendered {
  if (object.kind === 'ConfigMap') return object
  const conditions = [{ type: 'Ready', status: 'True', reason: 'Available' }]
  return { ...object, status: { atProvider: { arn: `arn:of:${object.kind}` }, conditions } }
}

function isReady (status: Rendered['status']): boolean {
  return status?.conditions.some(({ type, status }) => type === 'Ready' && status === 'True') === true
}
