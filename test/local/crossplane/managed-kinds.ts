import t from 'tap'
import { parseKeyArn } from '../../../api/key-arn.ts'
import { parseLogGroupArn } from '../../../api/log-group-arn.ts'
import { parseStorageArn } from '../../../api/storage-arn.ts'
import { groupOf, managedKinds, providerCrds } from '../../../local/crossplane/managed-kinds.ts'

const where = { region: 'eu-west-3', account: '111122223333', name: '1234abcd-12ab-34cd-56ef-1234567890ab' }
const parsers = { Key: parseKeyArn, Table: parseStorageArn, Bucket: parseStorageArn, Group: parseLogGroupArn }

await t.test('the ARNs that the played providers give are sound ones', async t => {
  for (const [kind, parse] of Object.entries(parsers)) {
    const managed = managedKinds.find(each => each.kind === kind)
    t.ok(parse(managed?.arn?.(where)).ok, kind)
  }
})

await t.test('each kind has a CRD of its own, named as the API server demands', async t => {
  const names = providerCrds().map(crd => (crd as { metadata: { name: string } }).metadata.name)
  t.strictSame(names, [...managedKinds.map(kind => `${kind.plural}.${groupOf(kind)}`), 'clusterproviderconfigs.aws.m.upbound.io'])
  t.equal(new Set(names).size, names.length)
})
