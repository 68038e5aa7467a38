// Writes runs as Markdown: a table for each section, a column for each operator, and the ratio of the first operator to each other.
import { type Run, summarize } from './figures.ts'

export function report (runs: Run[]): string {
  const sections = [...new Set(runs.map(({ section }) => section))]
  return sections.map(section => sectionOf(section, runs.filter(run => run.section === section))).join('\n')
}

function sectionOf (section: string, runs: Run[]): string {
  const operators = [...new Set(runs.map(({ operator }) => operator))]
  const rounds = new Set(runs.map(({ round }) => round)).size
  const columns = operators.map(operator => summarize(runs.filter(run => run.operator === operator)))
  const names = [...new Set(columns.flatMap(column => [...column.keys()]))]
  const [first, ...others] = columns
  const rows = names.map(name => [
    name,
    ...columns.map(column => figure(column.get(name)?.median)),
    ...others.map(other => ratio(first?.get(name)?.median, other.get(name)?.median))
  ])
  const head = [rounds === 1 ? 'one round' : `medians of ${rounds} rounds`, ...operators, ...operators.slice(1).map(other => `ratio to ${other}`)]
  return `## ${section}\n\n${[head, head.map((_, index) => index === 0 ? '---' : '---:'), ...rows].map(line).join('\n')}\n`
}

function line (cells: string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** Three digits that count; `–` where there is no figure. */
export function figure (value: number | undefined): string {
  if (value === undefined) return '–'
  if (Number.isInteger(value)) return String(value)
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 0.1 ? 2 : 3)
}

function ratio (ours: number | undefined, theirs: number | undefined): string {
  return ours === undefined || theirs === undefined || theirs === 0 ? '–' : (ours / theirs).toFixed(2)
}
