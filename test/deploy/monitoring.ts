// The alerts and the dashboard: Prometheus can read them, they fire when they should, and they ask for what a running operator has.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { V1ConfigMap } from '@kubernetes/client-node'
import { stringify } from 'yaml'
import { findBinary } from '../../local/binaries.ts'
import { runCommand } from '../../local/command.ts'
import { only, render, setting } from '../fixtures/chart.ts'
import { sharedControlPlane } from '../fixtures/control-plane.ts'
import { runOperator } from '../fixtures/operator.ts'
import { manifest } from '../fixtures/topicten.ts'
import { watchNamespace } from '../fixtures/watcher.ts'
import { stageWebhooks, untilReady } from '../fixtures/webhooks.ts'

interface Rule {
  alert: string
  expr: string
  annotations: Record<string, string>
}
interface Dashboard {
  panels: Array<{ id: number, title: string, gridPos: { x: number, y: number, w: number, h: number }, targets?: Array<{ expr: string }> }>
  templating: { list: Array<{ name: string, query: string | { query: string } }> }
}

/** What Prometheus adds to the series of a target that a ServiceMonitor found. */
const targetLabels = ['namespace', 'job', 'pod', 'instance']

const monitoring = setting({ 'metrics.prometheusRule.enabled': true, 'metrics.dashboard.enabled': true, 'metrics.prometheusRule.runbookUrl': 'https://example.com/runbook.md' })
const objects = await render(monitoring)
const { groups } = only<{ spec: { groups: Array<{ rules: Rule[] }> } }>(objects, 'PrometheusRule').spec
const rules = groups.flatMap(group => group.rules)
const dashboard = JSON.parse(only<V1ConfigMap>(objects, 'ConfigMap').data!['topicten.json']!) as Dashboard
const panels = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr: withoutVariables(expr) })))

/** As Grafana would send it. */
function withoutVariables (query: string): string {
  return query.replaceAll('$namespace', 'topicten-system').replaceAll('$job', 'topicten').replaceAll('$__rate_interval', '2m')
}

interface Wanted {
  metric: string
  /** That it is matched by. */
  labels: string[]
}

/** The series a query asks for, the labels it groups by, and names that are neither: every series must be narrowed to one release. */
function askedBy (query: string): { wanted: Wanted[], groupedBy: string[], strays: string[] } {
  const selector = /([a-zA-Z_:][\w:]*)\{([^}]*)\}/g
  const grouping = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g
  const bare = query.replace(/"[^"]*"/g, '""')
  const words = bare.replace(selector, '').replace(grouping, '').replace(/\[[^\]]*\]/g, '').match(/[a-zA-Z_:][\w:]*(?!\w|\s*\()/g) ?? []
  return {
    wanted: [...bare.matchAll(selector)].map(([, metric = '', matchers = '']) =>
      ({ metric, labels: [...matchers.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label) })),
    groupedBy: [...bare.matchAll(grouping)].flatMap(([, labels = '']) => labels.split(',').map(label => label.trim())),
    strays: words.filter(word => !['or', 'and', 'unless', 'bool'].includes(word))
  }
}

/** The labels of each metric in Prometheus' text format; none are known of one that has not happened yet. */
function exposed (text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const [, name = ''] of text.matchAll(/^# TYPE (\S+) /gm)) found.set(name, new Set())
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-zA-Z_:][\w:]*)(\{.*\})? \S+$/gm)) {
    const known = found.get(name) ?? new Set()
    for (const [, label = ''] of labels.matchAll(/[{,](\w+)="/g)) known.add(label)
    found.set(name, known)
  }
  return found
}

t.test('promtool finds nothing wrong with the alerts, and each fires in its case and no other', async t => {
  const promtool = await findBinary('promtool', { env: process.env })
  const cwd = t.testdir({ 'rules.yaml': stringify({ groups }), 'cases.yaml': await readFile(join(import.meta.dirname, 'alerts.yaml'), 'utf8') })
  const run = (...args: string[]) => runCommand(promtool, args, { cwd, env: { PATH: process.env['PATH'] } })
  // runbook_url is the one annotation that a value adds.
  const plain = rules.map(({ annotations: { runbook_url: _, ...annotations }, ...rule }) => ({ ...rule, annotations }))
  t.match(await run('check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml'), `${rules.length} rules found`)
  await writeFile(join(cwd, 'rules.yaml'), stringify({ groups: [{ name: 'topicten', rules: plain }] }))
  t.match(await run('test', 'rules', 'cases.yaml'), 'SUCCESS')
  const recorded = panels.map(({ expr }, index) => ({ record: `panel_${index}`, expr }))
  await writeFile(join(cwd, 'panels.yaml'), stringify({ groups: [{ name: 'dashboard', rules: recorded }] }))
  t.match(await run('check', 'rules', 'panels.yaml'), `${panels.length} rules found`, 'the queries of the dashboard are PromQL')
})

t.test('each alert has a section in the runbook, where its annotation leads', async t => {
  const runbook = await readFile(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8')
  for (const { alert, annotations } of rules) {
    t.ok(runbook.includes(`\n### ${alert}\n`), alert)
    t.equal(annotations['runbook_url'], `https://example.com/runbook.md#${alert.toLowerCase()}`)
  }
})

t.test('the panels of the dashboard have their own place', async t => {
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + index % w},${y + Math.floor(index / w)}`))
  t.equal(new Set(cells).size, cells.length)
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
  t.ok(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24))
})

t.test('every query asks for metrics and labels that a running operator has', async t => {
  const plane = await sharedControlPlane(t)
  const stage = await stageWebhooks(t, plane)
  const watcher = await watchNamespace(t, plane, stage.namespace)
  const operator = await runOperator(t, stage.environment)
  await untilReady(operator.url)
  await plane.kubectl(['create', `--namespace=${stage.namespace}`, '--filename=-'], JSON.stringify(manifest('alpha')))
  await watcher.until('a step and pods with variables', () => watcher.replicas('alpha').length > 1 && operator.leading)
  const has = exposed(await (await fetch(`${operator.url}/metrics`)).text())
  const labelled = dashboard.templating.list.map(({ query }) => typeof query === 'string' ? '' : query.query)
    .flatMap(query => [...query.matchAll(/label_values\((\w+)/g)].map(([, metric]) => metric!))
  for (const metric of labelled) t.ok(has.has(metric), `a variable of the dashboard: ${metric}`)
  for (const { title, expr } of [...panels, ...rules.map(({ alert, expr }) => ({ title: alert, expr }))]) {
    const { wanted, groupedBy, strays } = askedBy(expr)
    t.strictSame(strays, [], `${title}: every series is narrowed to the release`)
    const labelsOf = (metric: string) => [...has.get(metric) ?? [], ...targetLabels]
    for (const { metric, labels } of wanted) {
      t.ok(has.has(metric), `${title}: ${metric}`)
      t.strictSame(labels.filter(label => !labelsOf(metric).includes(label)), [], `${title}: ${metric} is matched by labels it has`)
    }
    const happened = wanted.some(({ metric }) => has.get(metric)?.size)
    const unknown = groupedBy.filter(label => !wanted.some(({ metric }) => labelsOf(metric).includes(label)))
    if (happened) t.strictSame(unknown, [], `${title}: is grouped by labels there are`)
  }
})
