// The chart's README and schema say what its values.yaml says.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { chartFiles, chartValues, withDescriptions, withTable } from '../../local/chart-readme.ts'

const root = join(import.meta.dirname, '../..')

const text = `# Of the file.

# Of the group.
group:
  # Of the value,
  # on two lines.
  value: ""
  # Of a map that is one value.
  map:
    a: 1
# Of a list with a | in it.
list: [1]
`
const values = [
  { path: ['group'], comment: 'Of the group.', value: undefined, isGroup: true },
  { path: ['group', 'value'], comment: 'Of the value, on two lines.', value: '', isGroup: false },
  { path: ['group', 'map'], comment: 'Of a map that is one value.', value: { a: 1 }, isGroup: false },
  { path: ['list'], comment: 'Of a list with a | in it.', value: [1], isGroup: false }
]

t.test('values have the comments above them', async t => {
  t.strictSame(chartValues(text), values)
})

t.test('what cannot be documented is named', async t => {
  t.throws(() => chartValues('# A.\na:\n  # B.\n  b: 1\n  c: 2\n'), { message: 'values.yaml: a.c has no comment; write one line above it that says what it means' })
  t.throws(() => chartValues('- 1'), { message: 'values.yaml: expected a map' })
  t.throws(() => chartValues('a: [1'), { name: 'YAMLParseError' })
  t.throws(() => withTable('# README', values), { message: /expected the lines <!-- values/ })
  t.throws(() => withDescriptions('{"properties": {"group": {"properties": {"value": {}}}}}', values),
    { message: 'values.schema.json: group.map is missing; values.yaml has it' })
})

t.test('the table has a row for each value, between the marks', async t => {
  const [start, end] = ['<!-- values: made from values.yaml by npm run generate -->', '<!-- end of values -->']
  t.equal(withTable(`before\n${start}\nold\n${end}\nafter\n`, values), `before
${start}

| value | default | meaning |
| --- | --- | --- |
| \`group\` |  | Of the group. |
| \`group.value\` | \`""\` | Of the value, on two lines. |
| \`group.map\` | \`{"a":1}\` | Of a map that is one value. |
| \`list\` | \`[1]\` | Of a list with a \\| in it. |

${end}
after
`)
})

t.test('the chart\'s files are what its values make of them now', async t => {
  for (const [path, made] of Object.entries(await chartFiles(root))) {
    t.equal(await readFile(join(root, path), 'utf8'), made, `${path} (npm run generate)`)
  }
})

t.test('the schema knows the chart\'s values and no other', async t => {
  interface Schema { properties?: Record<string, Schema>, additionalProperties?: unknown }
  const schema = JSON.parse(await readFile(join(root, 'deploy/charts/topicten/values.schema.json'), 'utf8')) as Schema
  const known = new Set(chartValues(await readFile(join(root, 'deploy/charts/topicten/values.yaml'), 'utf8')).map(({ path }) => path.join('.')))
  const paths = (node: Schema, above: string[]): string[] => Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    [[...above, name].join('.'), ...known.has([...above, name].join('.')) ? paths(child, [...above, name]) : []])
  // Helm gives `global` to every chart. What a Kubernetes object may have inside is not documented here.
  const extra = paths(schema, []).filter(path => !known.has(path) && !/^(global|webhook\.namespaceSelector\.|webhook\.certManager\.issuerRef\.)/.test(path))
  t.strictSame(extra, [])
})
