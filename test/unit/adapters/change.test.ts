import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changed } from '../../../shared/adapters/change.ts'
import type { Change } from '../../../shared/ports/store.ts'

const item = { nothing: null, pk: 'k', sk: '-', n: 1, s: 'x', list: [1], map: { a: { b: 1 } } }

test.each<[string, Change, RegExp]>([
  ['a parent that is missing', { set: [[['no', 'map'], 1]] }, /No map at no/],
  ['a parent that is missing, to add', { add: [[['map', 'no', 'n'], 1]] }, /No map at no/],
  ['a parent that is missing, to remove from', { remove: [['no', 'map']] }, /No map at no/],
  ['a parent that is no map', { set: [[['s', 'x'], 1]] }, /No map at s/],
  ['a list as a parent', { set: [[['list', '0'], 1]] }, /No map at list/],
  ['a sum of something missing', { sum: [[['x'], ['no'], 1]] }, /No number at no/],
  ['a sum of something else than a number', { sum: [[['x'], ['s'], 1]] }, /No number at s/],
  ['an addition to something else than a number', { add: [[['s'], 1]] }, /No number at s/],
  ['no value to set', { set: [[['x'], undefined]] }, /No value to set at x/],
  ['a path twice', { set: [[['n'], 1]], add: [[['n'], 1]] }, /n and n overlap/],
  ['to add to what is there and no number', { add: [[['nothing'], 1]] }, /No number/],
  ['a path inside another', { set: [[['map', 'a', 'b'], 1]], remove: [['map', 'a']] }, /overlap/],
  ['a part of the key', { set: [[['pk'], 'other']] }, /keeps its key/],
])('refuses %s', (_, change, message) => {
  expect(() => changed(item, change)).toThrow(TypeError)
  expect(() => changed(item, change)).toThrow(message)
})

describe('leaves the item it was given', () => {
  test('as it was, and shares no changed map with it', () => {
    const before = structuredClone(item)
    const after = changed(item, {
      set: [[['map', 'a', 'b'], 2]],
      remove: [['n']],
      add: [[['count'], 1]],
    })
    expect(item).toEqual(before)
    expect(after).toEqual({
      nothing: null,
      pk: 'k',
      sk: '-',
      s: 'x',
      list: [1],
      map: { a: { b: 2 } },
      count: 1,
    })
  })
})

test('any name is only a name, also those that objects have by themselves', () => {
  const name = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('__proto__', 'constructor', 'toString'))
  fc.assert(
    fc.property(name, fc.jsonValue(), (name, value) => {
      const set = changed({ map: {} }, { set: [[['map', name], value]] })
      expect(Object.entries(set.map as object)).toEqual([[name, value]])
      expect(changed(set, { remove: [['map', name]] })).toEqual({ map: {} })
    }),
  )
})
