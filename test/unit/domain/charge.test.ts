import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chargeOf } from '../../../shared/domain/charge.ts'

const base = { ceiling: 100, inputBound: 40, received: 10, hidden: false }

test('the word of the provider counts, even beyond what was reserved', () => {
  expect(chargeOf({ ...base, usage: { input: 5, output: 7 } })).toBe(12)
  expect(chargeOf({ ...base, usage: { input: 5, output: 700 } })).toBe(705)
})

test('without it, input and received bytes bound what was produced', () => {
  expect(chargeOf(base)).toBe(50)
  expect(chargeOf({ ...base, received: 1_000 })).toBe(100)
})

test('where tokens are hidden, only the reservation bounds them', () => {
  expect(chargeOf({ ...base, hidden: true })).toBe(100)
})

test('a charge that is an estimate never exceeds the reservation', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), fc.boolean(), (ceiling, inputBound, received, hidden) => {
      expect(chargeOf({ ceiling, inputBound, received, hidden })).toBeLessThanOrEqual(ceiling)
    }),
  )
})
