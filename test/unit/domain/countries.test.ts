import { expect, test } from 'vitest'
import { countryFault, isCountry, isRegion, regionFault } from '../../../shared/domain/countries.ts'

test('the 249 codes that are assigned are countries, each known to the run-time as well', () => {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  const codes = letters.flatMap(a => letters.map(b => a + b)).filter(isCountry)
  expect(codes).toHaveLength(249)
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
  expect(codes.filter(code => names.of(code) === undefined)).toEqual([])
  // One that was renamed or dissolved has another code by now.
  expect(codes.filter(code => new Intl.Locale(`und-${code}`).region !== code)).toEqual([])
})

test.each(['UK', 'EU', 'XX', 'XK', 'ZZ', 'SU', 'AA', 'fr', 'FRA', 'France', ''])('%s is no country', code => {
  expect(isCountry(code)).toBe(false)
})

test('a region is a country, or a part of one', () => {
  for (const code of ['FR', 'FR-75', 'GB-ENG', 'US-CA']) expect([code, isRegion(code)]).toEqual([code, true])
  for (const code of ['EU', 'UK-ENG', 'XX-1', 'FR-', 'FR-ABCD', 'fr-75', 'FR-7\n', 'France'])
    expect([code, isRegion(code)]).toEqual([code, false])
})

test('for a code that is often taken for one, the one that is meant is named', () => {
  expect(countryFault('UK')).toMatch(/for UK write GB$/)
  expect(regionFault('uk-eng')).toMatch(/for UK write GB$/)
  expect(countryFault('constructor')).toMatch(/for instance FR$/)
})
