import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromAttributes, toAttribute, toAttributes } from '../../../../shared/adapters/aws/attribute-value.ts'

test('each kind of JSON has its type', () => {
  expect(
    toAttributes({ s: '', n: -1.5, yes: true, no: false, nothing: null, list: [1, ['x']], map: { a: {} } }),
  ).toEqual({
    s: { S: '' },
    n: { N: '-1.5' },
    yes: { BOOL: true },
    no: { BOOL: false },
    nothing: { NULL: true },
    list: { L: [{ N: '1' }, { L: [{ S: 'x' }] }] },
    map: { M: { a: { M: {} } } },
  })
})

test('every object of JSON comes back as it was', () => {
  const name = fc.string().filter(text => text !== '__proto__')
  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(n => (n === 0 ? 0 : n)),
      fc.array(tie('tree')),
      fc.dictionary(name, tie('tree'), { noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(fc.dictionary(name, tree, { noNullPrototype: true }), item => {
      expect(fromAttributes(toAttributes(item))).toEqual(item)
    }),
  )
})

test('what is undefined is left out of a map, and nothing in a list, as in JSON', () => {
  const item = { a: undefined, map: { b: undefined }, list: [undefined] }
  expect(fromAttributes(toAttributes(item))).toStrictEqual(JSON.parse(JSON.stringify(item)))
})

test.each([
  undefined,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1n,
  Symbol('x'),
  () => 1,
  new Date(0),
  new Map(),
  new Uint8Array(1),
])('%s is no JSON', value => {
  expect(() => toAttribute(value)).toThrow(TypeError)
  if (value !== undefined) expect(() => toAttributes({ map: { value } })).toThrow(TypeError)
})

test('the one name that the SDK would lose is refused, at any depth', () => {
  expect(() => toAttributes({ map: JSON.parse('{"__proto__": 1}') })).toThrow(/__proto__/)
})

test('a set, or bytes that are no packed text, are nothing that this system has written', () => {
  expect(() => fromAttributes({ a: { SS: ['x'] } })).toThrow('An attribute has a type')
  expect(() => fromAttributes({ a: { B: new Uint8Array() } })).toThrow()
})
