// DynamoDB's attribute values: which are sound, how large they are, how two of them compare.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
import { Refusal } from './answer.ts'

/** An object of one member, the type: `{ S: "text" }`. */
export type Value = Readonly<Record<string, unknown>>
export type Item = Readonly<Record<string, Value>>

export function invalid (message: string): Refusal {
  return new Refusal('ValidationException', 400, message)
}

const sound: Record<string, (content: unknown) => boolean> = {
  S: content => typeof content === 'string',
  N: content => typeof content === 'string' && isNumber(content),
  B: content => typeof content === 'string',
  BOOL: content => typeof content === 'boolean',
  NULL: content => content === true,
  SS: content => isSet(content, 'S'),
  NS: content => isSet(content, 'N'),
  BS: content => isSet(content, 'B'),
  L: content => Array.isArray(content) && content.every(isValue),
  M: content => typeof content === 'object' && content !== null && Object.values(content).every(isValue)
}

/** Throws Refusal on an item with an attribute that has not exactly one type with fitting content. */
export function judgeItem (item: Item): void {
  for (const [name, value] of Object.entries(item)) {
    if (Buffer.byteLength(name) > 65_535) throw invalid('One or more parameter values were invalid: an attribute name is too long')
    if (!isValue(value)) throw invalid(`Supplied AttributeValue of ${name} is empty, has more than one type, or content that does not fit its type`)
  }
}

/** Bytes as DynamoDB counts them, near enough: names, and contents by their type. */
export function itemBytes (item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0)
}

export function typeOf (value: Value): string {
  return Object.keys(value)[0] ?? ''
}

export function textOf (value: Value): string {
  return String(Object.values(value)[0])
}

/** Below 0, 0, above 0; undefined when the two have not the same scalar type. */
export function compareValues (a: Value, b: Value): number | undefined {
  const type = typeOf(a)
  if (type !== typeOf(b) || !['S', 'N', 'B'].includes(type)) return undefined
  if (type === 'N') return Number(textOf(a)) - Number(textOf(b))
  const encoding = type === 'B' ? 'base64' : 'utf8'
  return Buffer.compare(Buffer.from(textOf(a), encoding), Buffer.from(textOf(b), encoding))
}

/** Up to 38 digits, from 1E-130 to 9.9…E+125. */
function isNumber (text: string): boolean {
  const [, digits = '', exponent] = /^[+-]?(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const significant = digits.replace('.', '').replace(/^0+|0+$/g, '')
  return digits !== '' && significant.length <= 38 && Math.abs(Number(exponent ?? 0)) <= 125
}

function isSet (content: unknown, type: string): boolean {
  if (!Array.isArray(content) || content.length === 0) return false
  return content.every(member => sound[type]?.(member)) && new Set(content).size === content.length
}

function isValue (value: unknown): value is Value {
  if (typeof value !== 'object' || value === null) return false
  const entries = Object.entries(value)
  const [type, content] = entries[0] ?? []
  return entries.length === 1 && type !== undefined && Object.hasOwn(sound, type) && sound[type]?.(content) === true
}

function valueBytes (value: Value): number {
  const [type, content] = Object.entries(value)[0] ?? ['', '']
  if (type === 'S') return Buffer.byteLength(String(content))
  if (type === 'N') return Math.ceil(String(content).length / 2) + 1
  if (type === 'B') return Buffer.from(String(content), 'base64').length
  if (type === 'BOOL' || type === 'NULL') return 1
  return Buffer.byteLength(JSON.stringify(content))
}
