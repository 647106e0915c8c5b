import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatBundle, parseBundle } from '../../../shared/tlog/entries-bundle.ts'
import { fromHex, hex } from './naive-tree.ts'

describe('c2sp.org/tlog-tiles, “Log entries”: a bundle', () => {
  test.each([
    ['no entry', [], ''],
    ['an empty entry', [''], '0000'],
    ['two', ['abcd', 'ef'], '0002abcd0001ef'],
    ['one of 258 bytes, the length’s first byte first', ['11'.repeat(258)], `0102${'11'.repeat(258)}`],
    ['one of the most bytes that there can be', ['22'.repeat(65_535)], `ffff${'22'.repeat(65_535)}`],
  ])('%s', (_, entries, bundle) => {
    expect(hex(formatBundle(entries.map(fromHex)))).toBe(bundle)
    expect(parseBundle(fromHex(bundle))?.map(hex)).toEqual(entries)
  })

  test('cannot take an entry of 65,536 bytes', () => {
    expect(() => formatBundle([new Uint8Array(65_536)])).toThrow(RangeError)
  })

  test.each(['00', '0001', '0002ab', '0002abcd00', '0002abcd0001', 'ffff00'])('is cut short: %s', bundle => {
    expect(parseBundle(fromHex(bundle))).toBeUndefined()
  })

  test('is read from the middle of a buffer too', () => {
    expect(parseBundle(fromHex('ffff0001abffff').subarray(2, 5))?.map(hex)).toEqual(['ab'])
  })

  test('any entries come back, and any bytes that are a bundle are made again', () => {
    const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
    fc.assert(
      fc.property(fc.array(bytes(300), { maxLength: 20 }), entries => {
        expect(parseBundle(formatBundle(entries))?.map(hex)).toEqual(entries.map(hex))
      }),
      { numRuns: 100 },
    )
    const lengths = fc.array(fc.oneof(fc.constant(0), fc.nat(4), fc.nat(255)), { maxLength: 30 })
    fc.assert(
      fc.property(
        fc.oneof(
          bytes(40),
          lengths.map(numbers => Uint8Array.from(numbers)),
        ),
        bytes => {
          const entries = parseBundle(bytes)
          if (entries !== undefined) expect(hex(formatBundle(entries))).toBe(hex(bytes))
        },
      ),
      { numRuns: 100 },
    )
  })
})
