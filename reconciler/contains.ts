// Whether a live object has all that an applied one asks for: fields that others added do not matter.

/**
 * True when each field of `desired` is in `live` with the same value. Lists of named items (containers, env) are compared
 * by name, as the API server merges them; other lists as a whole.
 */
export function contains (live: unknown, desired: unknown): boolean {
  if (Array.isArray(desired)) return Array.isArray(live) && containsItems(live, desired)
  if (isRecord(desired)) return isRecord(live) && containsFields(live, desired)
  return live === desired
}

// The API server drops what is empty, so an empty value is as good as none.
function containsFields (live: Record<string, unknown>, desired: Record<string, unknown>): boolean {
  return Object.entries(desired).every(([key, value]) =>
    live[key] === undefined ? isEmpty(value) : contains(live[key], value))
}

function isEmpty (value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return value === undefined || value === null || value === '' || (isRecord(value) && Object.values(value).every(isEmpty))
}

function containsItems (live: unknown[], desired: unknown[]): boolean {
  if (desired.every(isNamed)) {
    const byName = new Map(live.filter(isNamed).map(item => [item['name'], item]))
    return desired.every(item => contains(byName.get(item['name']), item))
  }
  return live.length === desired.length && desired.every((item, index) => contains(live[index], item))
}

function isNamed (value: unknown): value is { name: string } & Record<string, unknown> {
  return isRecord(value) && typeof value['name'] === 'string'
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
