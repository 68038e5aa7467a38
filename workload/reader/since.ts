// Where a reader's span of time begins: so long ago, or at a time.
const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

// A date alone is midnight UTC; a time needs its offset, or it would mean something else on each machine.
const time = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/

/**
 * Milliseconds since the epoch of a duration before `now` (`90s`, `1.5h`) or of an RFC 3339 date or time; undefined when the
 * text is neither, or a time after `now`.
 */
export function parseSince (text: string, now: number): number | undefined {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? []
  const at = count === '' ? instantOf(text) : now - Number(count) * (unitMs[unit] ?? 0)
  return at >= 0 && at <= now ? Math.round(at) : undefined
}

function instantOf (text: string): number {
  return time.test(text) ? Date.parse(text) : NaN
}
