import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatFacts, quoted, utc, wrapped } from '../../../client/cli/facts.ts'

const words = fc.array(fc.stringMatching(/^[a-z_0-9]{1,40}$/), { minLength: 1, maxLength: 40 })

test('wrapped text keeps its words whole and in order, and fits 80 columns', () => {
  fc.assert(
    fc.property(words, fc.integer({ min: 0, max: 30 }), (list, from) => {
      const text = wrapped(list.join(' '), from)
      expect(text.split(/\s+/)).toEqual(list)
      for (const [i, line] of text.split('\n').entries())
        expect(line.length + (i === 0 ? from : 0)).toBeLessThanOrEqual(80)
    }),
  )
})

test('whatever others write, a quote begins once, ends once, and stays one fact', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), text => {
      const told = formatFacts([['why', quoted(text)]])
      expect(told.match(/“/g)).toHaveLength(1)
      expect(told.match(/”/g)).toHaveLength(1)
      expect(told.endsWith('”\n')).toBe(true)
      for (const line of told.split('\n').slice(1, -1)) expect(line).toMatch(/^ {11}/)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
      expect(told.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    }),
  )
})

test('a time is told in UTC to the minute; what is none stays as it is', () => {
  expect(utc('2026-11-27T00:05:59.999Z')).toBe('2026-11-27 00:05 UTC')
  expect(utc('2026-11-27T00:05:00+02:00')).toBe('2026-11-26 22:05 UTC')
  for (const text of ['soon', '', '2026-11-27', '2026-99-99T00:00:00Z']) expect(utc(text)).toBe(text)
  expect(utc(undefined)).toBeUndefined()
})
