// Takes ARNs of what the fake AWS is to have; a wrong one is a mistake in the caller's program.
import type { Arn, ParsedArn } from '../../api/arn.ts'

/** Throws TypeError when `text` was no sound ARN. */
export function soundArn (parsed: ParsedArn, text: string): Arn {
  if (!parsed.ok) throw new TypeError(`the ARN ${JSON.stringify(text)} ${parsed.fault}; right would be ${parsed.expected}`)
  return parsed.arn
}
