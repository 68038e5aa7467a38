// Says whether a region belongs to a partition, and if not, why not.
import type { Fault } from './fault.ts'
import { partitions, type Partition } from './partitions.ts'

/** `listed`: in the AWS SDK's list. `unlisted`: looks like a region of the partition, perhaps opened after our release. */
export type RegionVerdict = 'listed' | 'unlisted' | Fault

const byId = new Map(partitions.map(partition => [partition.id, partition]))
const matchers = new Map(partitions.map(({ id, regionRegex }) => [id, new RegExp(regionRegex)]))
const homes = new Map(partitions.flatMap(({ id, regions }) => regions.map(region => [region, id] as const)))

// The regexes alone are too weak: `\w` admits `_` and upper case, and `aws-global` has the form of some of them.
const shape = /^[a-z]+(-[a-z]+)+-\d{1,2}$/

export const partitionIds: readonly string[] = partitions.map(({ id }) => id)

export function isPartition (id: string): boolean {
  return byId.has(id)
}

/** Whether a region is in any partition's list. */
export function isListed (region: string): boolean {
  return homes.has(region)
}

/** The partition that lists a region, or whose regions look like it; undefined when none does. */
export function partitionOfRegion (region: string): string | undefined {
  const home = homes.get(region)
  if (home !== undefined || !shape.test(region) || region.length > 32) return home
  return partitions.find(({ id }) => matchers.get(id)?.test(region) === true && borrowed(region, id) === undefined)?.id
}

/**
 * Judges a region name against the partition it is used in; never throws.
 * @param partition an id for which `isPartition` holds
 */
export function judgeRegion (region: string, partition: string): RegionVerdict {
  const home = homes.get(region)
  if (home === partition) return 'listed'
  const expected = `a region of ${partition} such as ${exampleRegion(partition)}`
  const foreign = home ?? borrowed(region, partition)
  if (foreign !== undefined) return { fault: `names the region ${region} of the partition ${foreign} in the partition ${partition}`, expected: `${expected}, or the partition ${foreign}` }
  if (!shape.test(region) || region.length > 32 || region.startsWith('fips-')) return malformedRegion(region, expected)
  if (matchers.get(partition)?.test(region) === true) return 'unlisted'
  const other = partitionOfRegion(region)
  if (other === undefined) return { fault: `names "${region}", which is no region of any partition`, expected }
  return { fault: `names the region ${region}, which has the form of the partition ${other}, in the partition ${partition}`, expected: `${expected}, or the partition ${other}` }
}

/** A region to show in a message. */
export function exampleRegion (partition: string): string {
  return partition === 'aws' ? 'eu-west-3' : byId.get(partition)?.regions[0] ?? 'eu-west-3'
}

/** `us-gov-1` has the form of a region of `aws`, but all names that begin `us-gov-` are aws-us-gov's. */
function borrowed (region: string, partition: string): string | undefined {
  const start = region.split('-', 2).join('-') + '-'
  return partitions.find(other => other.id !== partition && wordsBefore(other, start))?.id
}

function wordsBefore (partition: Partition, start: string): boolean {
  return partition.id !== 'aws' && partition.regions.some(listed => listed.startsWith(start) && listed.split('-').length > 3)
}

function malformedRegion (region: string, expected: string): Fault {
  if (region === '') return { fault: 'has an empty region', expected }
  if (region.endsWith('-global')) return { fault: `names the pseudo region ${region}, where no resource is`, expected }
  if (/^[a-z]+(-[a-z]+)+-\d[a-z]$/.test(region)) return { fault: `names the availability zone ${region} instead of a region`, expected: `the region ${region.slice(0, -1)}` }
  if (/^fips-|-fips$/.test(region)) return { fault: `names the FIPS endpoint ${region} instead of a region`, expected: `the region ${region.replace(/^fips-|-fips$/g, '')}` }
  if (/[A-Z]/.test(region)) return { fault: `has upper-case letters in the region "${region}"`, expected: `the region in lower case, ${region.toLowerCase()}` }
  return { fault: `has "${region}" where the region belongs, which has not the form of a region`, expected }
}
