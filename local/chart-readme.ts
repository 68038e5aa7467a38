// The table of values in the chart's README and the descriptions in its schema, both from the comments of its values.yaml.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml'

export interface ChartValue {
  /** From the root, such as `['image', 'tag']`. */
  path: string[]
  comment: string
  /** The default; undefined for a group of values. */
  value: unknown
  isGroup: boolean
}

interface Schema {
  description?: string
  properties?: Record<string, Schema>
}

const chart = 'deploy/charts/topicten'
const start = '<!-- values: made from values.yaml by npm run generate -->'
const end = '<!-- end of values -->'

/** The chart's two files that have parts made from values.yaml: path from the repository's root, and content. */
export async function chartFiles (root: string): Promise<Record<string, string>> {
  const [values = '', readme = '', schema = ''] = await Promise.all(['values.yaml', 'README.md', 'values.schema.json']
    .map(name => readFile(join(root, chart, name), 'utf8')))
  const documented = chartValues(values)
  return {
    [`${chart}/README.md`]: withTable(readme, documented),
    [`${chart}/values.schema.json`]: withDescriptions(schema, documented)
  }
}

/**
 * All values with their comments, in the file's order. A map is one value when nothing in it has a comment.
 * @throws with the value that has no comment.
 */
export function chartValues (text: string): ChartValue[] {
  const { contents, errors } = parseDocument(text)
  if (errors[0] !== undefined) throw errors[0]
  if (!isMap(contents)) throw new Error('values.yaml: expected a map')
  return valuesOf(contents, [])
}

function valuesOf (map: YAMLMap, above: string[]): ChartValue[] {
  return map.items.flatMap((pair, index) => {
    const path = [...above, keyOf(pair)]
    // The comment of a map's first key, where no empty line is between, is kept by the map.
    const comment = ownComment(pair) ?? (index === 0 ? map.commentBefore : undefined)
    if (!comment) throw new Error(`values.yaml: ${path.join('.')} has no comment; write one line above it that says what it means`)
    const { value } = pair
    const isGroup = isMap(value) && (Boolean(value.commentBefore) || value.items.some(each => ownComment(each) !== undefined))
    const described: ChartValue = { path, comment: oneLine(comment), value: isGroup ? undefined : plain(value), isGroup }
    return isGroup ? [described, ...valuesOf(value, path)] : [described]
  })
}

function keyOf ({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key)
}

function ownComment ({ key }: Pair): string | undefined {
  return (isScalar(key) ? key.commentBefore : undefined) ?? undefined
}

/** Of several paragraphs the last: the first value's comment stands below the file's. */
function oneLine (comment: string): string {
  const lines = comment.split('\n').map(line => line.trim())
  return lines.slice(lines.lastIndexOf('') + 1).join(' ')
}

function plain (value: unknown): unknown {
  return (value as { toJSON: () => unknown }).toJSON()
}

/** @throws when the marks between which the table stands are missing. */
export function withTable (readme: string, values: ChartValue[]): string {
  const [before, rest] = readme.split(start)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`README.md of the chart: expected the lines ${start} and ${end}`)
  const rows = values.map(({ path, comment, value, isGroup }) =>
    `| \`${path.join('.')}\` | ${isGroup ? '' : `\`${JSON.stringify(value)}\``} | ${comment.replaceAll('|', '\\|')} |`)
  return `${before}${start}\n\n${['| value | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')}\n\n${end}${after}`
}

/** @throws when a value is not in the schema. */
export function withDescriptions (text: string, values: ChartValue[]): string {
  const schema = JSON.parse(text) as Schema
  for (const { path, comment } of values) {
    const node = path.reduce<Schema | undefined>((at, key) => at?.properties?.[key], schema)
    if (node === undefined) throw new Error(`values.schema.json: ${path.join('.')} is missing; values.yaml has it`)
    node.description = comment
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}
