import { readFile } from 'node:fs/promises'
import { partition } from '@aws-sdk/core/client'
import t from 'tap'
import { partitions } from '../../api/partitions.ts'
import { generatedFiles } from '../../local/generate.ts'

await t.test('generated files equal what the code and the AWS SDK make of them now', async t => {
  for (const [path, text] of Object.entries(await generatedFiles())) {
    t.equal(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8'), text, `${path} (npm run generate)`)
  }
})

await t.test('each region is listed in the partition that the AWS SDK puts it in, and has its form', async t => {
  t.strictSame(partitions.map(({ id }) => id),
    ['aws', 'aws-cn', 'aws-eusc', 'aws-iso', 'aws-iso-b', 'aws-iso-e', 'aws-iso-f', 'aws-us-gov'])
  for (const { id, regionRegex, regions } of partitions) {
    for (const region of regions) {
      const { name, description } = partition(region) as { name: string, description?: string }
      t.ok(name === id && description !== undefined && new RegExp(regionRegex).test(region), region)
    }
  }
})
