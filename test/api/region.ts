import t from 'tap'
import { partitions } from '../../api/partitions.ts'
import { exampleRegion, isPartition, judgeRegion, partitionOfRegion } from '../../api/region.ts'

await t.test('every listed region belongs to its own partition and to no other', async t => {
  for (const { id, regions } of partitions) {
    t.ok(isPartition(id) && judgeRegion(exampleRegion(id), id) === 'listed', id)
    for (const region of regions) {
      t.equal(partitionOfRegion(region), id, region)
      const verdicts = partitions.map(other => typeof judgeRegion(region, other.id) === 'object' ? '' : other.id)
      t.strictSame(verdicts.filter(verdict => verdict !== ''), [id], region)
    }
  }
})

await t.test('a region that is not listed is plausible in one partition at most', async t => {
  const cases: [string, string | undefined][] = [
    ['eu-west-9', 'aws'], ['mx-north-1', 'aws'], ['us-gov-south-1', 'aws-us-gov'], ['us-isob-south-2', 'aws-iso-b'], ['eusc-de-west-1', 'aws-eusc'],
    ['us-gov-1', undefined], ['us-iso-1', undefined], ['cn-x-1', 'aws-cn'], ['zz-west-1', undefined], ['aws-global', undefined], ['EU-WEST-3', undefined], ['eu_west_3', undefined],
    ['eu-west-3\n', undefined], ['', undefined], [`us-${'a'.repeat(40)}-1`, undefined]
  ]
  for (const [region, home] of cases) {
    t.equal(partitionOfRegion(region), home, region)
    for (const { id } of partitions) t.equal(judgeRegion(region, id) === 'unlisted', id === home, `${region} in ${id}`)
  }
})
