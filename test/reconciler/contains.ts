import t from 'tap'
import { contains } from '../../reconciler/contains.ts'

const cases: Record<string, [unknown, unknown, boolean]> = {
  'the same': [{ a: 1 }, { a: 1 }, true],
  'a field more in the live one': [{ a: 1, b: 2 }, { a: 1 }, true],
  'a field less': [{ b: 2 }, { a: 1 }, false],
  'another value': [{ a: 2 }, { a: 1 }, false],
  'empty values that the API server drops': [{}, { a: [], b: {}, c: '', d: { e: [] }, f: undefined, g: null }, true],
  'an empty list, which asks for nothing': [{ a: [1] }, { a: [] }, true],
  'named items in another order': [[{ name: 'x', v: 1 }, { name: 'y' }], [{ name: 'y' }, { name: 'x', v: 1 }], true],
  'a named item more': [[{ name: 'x' }, { name: 'sidecar' }], [{ name: 'x' }], true],
  'a named item less': [[{ name: 'x' }], [{ name: 'x' }, { name: 'y' }], false],
  'plain lists are compared whole': [['a', 'b'], ['a'], false],
  'equal plain lists': [['a', 'b'], ['a', 'b'], true],
  'a list where an object is asked for': [[], { a: 1 }, false],
  'an object where a list is asked for': [{}, [1], false]
}

for (const [name, [live, desired, expected]] of Object.entries(cases)) t.equal(contains(live, desired), expected, name)
