// What one run of one operator measured, and how runs become the rows of a table.
import { median } from './statistics.ts'

/** Figures by name; the name says the unit. */
export type Figures = Record<string, number>

/** One line of the raw results. */
export interface Run {
  operator: string
  /** What was measured, and at which size: the heading of its table. */
  section: string
  round: number
  figures: Figures
}

/** The middle and the spread of each figure over the runs that have it, in the order in which figures first came. */
export function summarize (runs: Run[]): Map<string, Summary> {
  const names = new Set(runs.flatMap(({ figures }) => Object.keys(figures)))
  return new Map([...names].flatMap(name => {
    const values = runs.flatMap(({ figures }) => figures[name] ?? [])
    const middle = median(values)
    return middle === undefined ? [] : [[name, { median: middle, min: Math.min(...values), max: Math.max(...values) }] as const]
  }))
}

export interface Summary {
  median: number
  min: number
  max: number
}
