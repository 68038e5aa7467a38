// Reads variables of an environment one by one and keeps, in words, what is wrong with them, so that all is said at once.
import type { Fault } from '../api/fault.ts'
import { escapeText } from '../api/text.ts'

export interface NumberRule {
  fallback: number
  minimum: number
  maximum: number
  /** Fractions are fine unless this is set. */
  whole?: boolean
}

export interface Variables {
  /** One line for each variable that is wrong: its name, what was found, what would be right. */
  problems: string[]
  /** The text; empty when unset. A fault that `judge` finds becomes a problem. */
  text (name: string, judge: (text: string) => Fault | undefined): string
  number (name: string, rule: NumberRule): number
  choice <T extends string>(name: string, choices: readonly T[], fallback: T): T
}

/** A variable that is empty counts as unset. */
export function readVariables (environment: Readonly<Record<string, string | undefined>>): Variables {
  const problems: string[] = []
  const wrong = (name: string, text: string, { fault, expected }: Fault): void => {
    problems.push(`${name}: ${text === '' ? '' : `found "${escapeText(text)}", which `}${fault}; expected ${expected}`)
  }
  return {
    problems,
    text (name, judge) {
      const text = environment[name] ?? ''
      const fault = judge(text)
      if (fault !== undefined) wrong(name, text, fault)
      return text
    },
    number (name, rule) {
      const text = environment[name] ?? ''
      if (text === '') return rule.fallback
      const value = Number(text)
      const inRange = value >= rule.minimum && value <= rule.maximum
      if (/^\d+(\.\d+)?$/.test(text) && inRange && (rule.whole !== true || Number.isInteger(value))) return value
      wrong(name, text, {
        fault: inRange ? 'is not such a number' : 'is out of range',
        expected: `a ${rule.whole === true ? 'whole ' : ''}number from ${rule.minimum} to ${rule.maximum}`
      })
      return rule.fallback
    },
    choice (name, choices, fallback) {
      const text = environment[name] ?? ''
      const found = choices.find(choice => choice === text)
      if (found === undefined && text !== '') wrong(name, text, { fault: 'is none of the choices', expected: choices.join(', ') })
      return found ?? fallback
    }
  }
}
