// One DynamoDB table: its key schema, its items, and pages of them in the order that a table has.
import { createHash } from 'node:crypto'
import type { Arn } from '../../api/arn.ts'
import { compareValues, invalid, itemBytes, judgeItem, textOf, typeOf, type Item, type Value } from './dynamodb-value.ts'

export interface KeyAttribute { name: string, type: 'S' | 'N' | 'B' }

interface StoredItem {
  item: Item
  /** Where the hash puts it; items of one partition stand in the order of their range keys. */
  place: string
}

export interface Table {
  arn: Arn
  hash: KeyAttribute
  range: KeyAttribute | undefined
  items: Map<string, StoredItem>
}

const maxItemBytes = 400 * 1024
const maxPageBytes = 1024 * 1024
const maxKeyBytes = { hash: 2048, range: 1024 } as const

export function keyAttributes ({ hash, range }: Table): KeyAttribute[] {
  return range === undefined ? [hash] : [hash, range]
}

/** Throws Refusal when an item does not fit the table: its key, its values or its size. */
export function judgeNewItem (table: Table, item: Item): void {
  for (const key of keyAttributes(table)) judgeKeyAttribute(item[key.name], key, key === table.hash ? 'hash' : 'range')
  judgeItem(item)
  if (itemBytes(item) > maxItemBytes) throw invalid('Item size has exceeded the maximum allowed size')
}

/** Throws Refusal unless `key` is the key of an item and nothing else. */
export function judgeKeyOnly (table: Table, key: Item, message: string): void {
  const attributes = keyAttributes(table)
  const fits = Object.keys(key).length === attributes.length && attributes.every(({ name, type }) => typeOf(key[name] ?? {}) === type)
  if (!fits) throw invalid(message)
}

export function itemAt (table: Table, key: Item): Item | undefined {
  return table.items.get(keyText(table, key))?.item
}

export function storeItem (table: Table, item: Item): void {
  table.items.set(keyText(table, item), { item, place: placeOf(table, item) })
}

export interface PageOptions {
  /** Of the items that a page may read, before any filter. */
  among: (item: Item) => boolean
  startKey: Item | undefined
  limit: number | undefined
  backward: boolean
}

/** At most `limit` items and 1 MB; `last` is the key to go on after, when there may be more. */
export function readPage (table: Table, options: PageOptions): { items: Item[], last: Item | undefined } {
  const found = itemsAfter(table, options)
  const { limit = Infinity } = options
  const items: Item[] = []
  for (let bytes = 0; items.length < Math.min(found.length, limit) && bytes < maxPageBytes;) {
    const item = found[items.length] ?? {}
    bytes += itemBytes(item)
    items.push(item)
  }
  // Like AWS: a page that ends at its limit has a key to go on after, even when nothing follows.
  const end = items.at(-1)
  return { items, last: end !== undefined && (items.length < found.length || items.length === limit) ? keyOf(table, end) : undefined }
}

function itemsAfter (table: Table, { among, startKey, backward }: PageOptions): Item[] {
  const direction = backward ? -1 : 1
  const start = startKey && { item: startKey, place: placeOf(table, startKey) }
  return [...table.items.values()].filter(({ item }) => among(item))
    .filter(stored => start === undefined || direction * compareStored(table, stored, start) > 0)
    .sort((a, b) => direction * compareStored(table, a, b))
    .map(({ item }) => item)
}

function keyOf (table: Table, item: Item): Item {
  return Object.fromEntries(keyAttributes(table).map(({ name }) => [name, item[name] ?? {}]))
}

function keyText (table: Table, item: Item): string {
  return JSON.stringify(keyAttributes(table).map(({ name }) => plain(item[name] ?? {})))
}

/** One text for one value: 1, 1.0 and +1 are the same number. */
function plain (value: Value): string {
  const text = textOf(value)
  return typeOf(value) === 'N' && text.replace(/\D/g, '').length <= 15 ? String(Number(text)) : text
}

function placeOf ({ hash }: Table, item: Item): string {
  return createHash('sha256').update(plain(item[hash.name] ?? {})).digest('hex')
}

function compareStored ({ range }: Table, a: StoredItem, b: StoredItem): number {
  if (a.place !== b.place) return a.place < b.place ? -1 : 1
  const [left, right] = [a.item[range?.name ?? ''], b.item[range?.name ?? '']]
  return left && right ? compareValues(left, right) ?? 0 : 0
}

function judgeKeyAttribute (value: Value | undefined, { name, type }: KeyAttribute, kind: 'hash' | 'range'): void {
  if (value === undefined) throw invalid(`One or more parameter values were invalid: Missing the key ${name} in the item`)
  if (typeOf(value) !== type) throw invalid(`One or more parameter values were invalid: Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`)
  const bytes = Buffer.from(textOf(value), type === 'B' ? 'base64' : 'utf8').length
  if (bytes === 0) throw invalid(`One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${type === 'S' ? 'string' : 'binary'} value. Key: ${name}`)
  if (bytes > maxKeyBytes[kind]) throw invalid(`One or more parameter values were invalid: Size of ${kind}key has exceeded the maximum size limit of ${maxKeyBytes[kind]} bytes`)
}
