// DynamoDB's condition, filter and key expressions over the top-level attributes of one item.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
import { compareValues, invalid, textOf, typeOf, type Item, type Value } from './dynamodb-value.ts'

export interface ExpressionInput {
  ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined
  ExpressionAttributeValues?: Item | undefined
}

export type Test = (item: Item) => boolean
type Operand = (item: Item) => Value | undefined

/** What is left to read, the names and values given with it, and those that were used. */
interface Reading {
  tokens: string[]
  input: ExpressionInput
  used: Set<string>
}

// Of the 573 reserved words those that an item of ours is likely to have as attributes.
const reserved = new Set(['action', 'batch', 'bucket', 'cluster', 'comment', 'context', 'count', 'data', 'date', 'hash', 'index', 'key', 'language', 'name', 'names',
  'namespace', 'new', 'number', 'old', 'order', 'owner', 'partition', 'path', 'range', 'region', 'role', 'sequence', 'size', 'source', 'state', 'status', 'stream',
  'text', 'time', 'timestamp', 'type', 'user', 'uuid', 'value', 'values', 'view', 'zone'])

/** Compiles expressions that came with one set of names and values. Throws Refusal on a mistake, and on a name or value that none uses. */
export function parseExpressions (texts: readonly (string | undefined)[], input: ExpressionInput): Test[] {
  const used = new Set<string>()
  const tests = texts.map(text => text === undefined ? () => true : parseExpression(text, input, used))
  for (const name of [...Object.keys(input.ExpressionAttributeNames ?? {}), ...Object.keys(input.ExpressionAttributeValues ?? {})]) {
    if (!used.has(name)) throw invalid(`Value provided in ExpressionAttribute${name.startsWith('#') ? 'Names' : 'Values'} unused in expressions: keys: {${name}}`)
  }
  return tests
}

function parseExpression (text: string, input: ExpressionInput, used: Set<string>): Test {
  const tokens = text.match(/<>|<=|>=|[=<>(),]|[#:]?[A-Za-z_][A-Za-z0-9_]*|\S/g) ?? []
  const reading = { tokens: [...tokens], input, used }
  const test = parseOr(reading)
  if (reading.tokens.length > 0) throw syntaxError(reading)
  return test
}

function parseOr (reading: Reading): Test {
  const tests = [parseAnd(reading)]
  while (takeWord(reading, 'OR')) tests.push(parseAnd(reading))
  return item => tests.some(test => test(item))
}

function parseAnd (reading: Reading): Test {
  const tests = [parseNot(reading)]
  while (takeWord(reading, 'AND')) tests.push(parseNot(reading))
  return item => tests.every(test => test(item))
}

function parseNot (reading: Reading): Test {
  if (takeWord(reading, 'NOT')) {
    const test = parseNot(reading)
    return item => !test(item)
  }
  if (reading.tokens[0] !== '(') return parseTest(reading)
  expect(reading, '(')
  const test = parseOr(reading)
  expect(reading, ')')
  return test
}

const functions: Record<string, { operands: number, test: (...values: (Value | undefined)[]) => boolean }> = {
  attribute_exists: { operands: 1, test: value => value !== undefined },
  attribute_not_exists: { operands: 1, test: value => value === undefined },
  begins_with: { operands: 2, test: (value, start) => areTexts(value, start, (text, part) => text.startsWith(part)) },
  contains: { operands: 2, test: (value, part) => areTexts(value, part, (text, part) => text.includes(part)) }
}

function parseTest (reading: Reading): Test {
  const known = Object.hasOwn(functions, reading.tokens[0] ?? '') ? functions[reading.tokens[0] ?? ''] : undefined
  if (known === undefined || reading.tokens[1] !== '(') return parseComparison(reading)
  reading.tokens.splice(0, 2)
  const operands = [parseOperand(reading)]
  while (take(reading, ',')) operands.push(parseOperand(reading))
  expect(reading, ')')
  if (operands.length !== known.operands) throw invalid(`Invalid expression: Incorrect number of operands for operator or function; number of operands: ${operands.length}`)
  return item => known.test(...operands.map(operand => operand(item)))
}

const comparators: Record<string, (order: number) => boolean> = {
  '=': order => order === 0,
  '<': order => order < 0,
  '<=': order => order <= 0,
  '>': order => order > 0,
  '>=': order => order >= 0
}

function parseComparison (reading: Reading): Test {
  const left = parseOperand(reading)
  if (takeWord(reading, 'BETWEEN')) return parseBetween(left, reading)
  const comparator = reading.tokens.shift() ?? ''
  if (comparator !== '<>' && !Object.hasOwn(comparators, comparator)) throw syntaxError(reading, comparator)
  const right = parseOperand(reading)
  if (comparator === '<>') return item => order(left(item), right(item)) !== 0
  return item => {
    const result = order(left(item), right(item))
    return result !== undefined && comparators[comparator]?.(result) === true
  }
}

function parseBetween (middle: Operand, reading: Reading): Test {
  const low = parseOperand(reading)
  if (!takeWord(reading, 'AND')) throw syntaxError(reading)
  const high = parseOperand(reading)
  return item => (order(low(item), middle(item)) ?? 1) <= 0 && (order(middle(item), high(item)) ?? 1) <= 0
}

function parseOperand (reading: Reading): Operand {
  const token = reading.tokens.shift() ?? ''
  if (!/^[#:]?[A-Za-z_]/.test(token)) throw syntaxError(reading, token)
  if (token.startsWith(':')) {
    const value = lookUp(reading.input.ExpressionAttributeValues, token, 'value', reading.used)
    return () => value
  }
  const name = token.startsWith('#') ? lookUp(reading.input.ExpressionAttributeNames, token, 'name', reading.used) : token
  if (name === token && reserved.has(name.toLowerCase())) throw invalid(`Invalid expression: Attribute name is a reserved keyword; reserved keyword: ${name}`)
  return item => Object.hasOwn(item, name) ? item[name] : undefined
}

function lookUp<Found> (among: Readonly<Record<string, Found>> | undefined, token: string, what: string, used: Set<string>): Found {
  const found = among?.[token]
  if (found === undefined) throw invalid(`Invalid expression: An expression attribute ${what} used in the document path is not defined; attribute ${what}: ${token}`)
  used.add(token)
  return found
}

function order (a: Value | undefined, b: Value | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined
  return compareValues(a, b) ?? (JSON.stringify(a) === JSON.stringify(b) ? 0 : undefined)
}

function areTexts (value: Value | undefined, part: Value | undefined, test: (text: string, part: string) => boolean): boolean {
  return value !== undefined && part !== undefined && typeOf(value) === 'S' && typeOf(part) === 'S' && test(textOf(value), textOf(part))
}

function take (reading: Reading, token: string): boolean {
  if (reading.tokens[0] !== token) return false
  reading.tokens.shift()
  return true
}

function takeWord (reading: Reading, word: string): boolean {
  return reading.tokens[0]?.toUpperCase() === word && take(reading, reading.tokens[0])
}

function expect (reading: Reading, token: string): void {
  if (!take(reading, token)) throw syntaxError(reading)
}

function syntaxError ({ tokens }: Reading, token = tokens[0]): Error {
  return invalid(`Invalid expression: Syntax error; token: ${token ? `"${token}"` : '<EOF>'}`)
}
