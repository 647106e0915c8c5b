import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { base32 } from '../../../shared/domain/id.ts'
import {
  entryId,
  entryIdFrom,
  everyOpenShard,
  floorTime,
  openShard,
  outcomeId,
} from '../../../shared/entries/id.ts'

const ms = fc.integer({ min: 0, max: 2 ** 44 })
const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 })

describe('the id of an entry', () => {
  test('is a UUIDv8 in base32: version, variant, and the floored time in its first 48 bits', () => {
    const eid = entryId(1_795_573_247_123, new Uint8Array(16).fill(255))
    expect(eid).toMatch(/^entry_[0-9a-hjkmnp-tv-z]{26}$/)
    const value = [...eid.slice(6)].reduce(
      (sum, c) => sum * 32n + BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(c)),
      0n,
    )
    const hex = value.toString(16).padStart(32, '0')
    expect(Number.parseInt(hex.slice(0, 12), 16)).toBe(1_795_573_240_000)
    expect(hex[12]).toBe('8')
    expect(hex[16]).toMatch(/[89ab]/)
  })

  test('tells no time finer than 10 s', () => {
    fc.assert(
      fc.property(ms, bytes, fc.nat(9_999), (at, random, within) => {
        const floor = floorTime(at)
        expect(entryId(floor + within, random)).toBe(entryId(floor, random))
      }),
    )
  })

  test('sorts in time, and not before the bound of its time', () => {
    fc.assert(
      fc.property(ms, bytes, ms, bytes, (a, ra, b, rb) => {
        if (floorTime(a) < floorTime(b)) expect(entryId(a, ra) < entryId(b, rb)).toBe(true)
        expect(entryId(a, ra) >= entryIdFrom(a)).toBe(true)
        expect(entryId(a, ra) < entryIdFrom(a + 10_000)).toBe(true)
      }),
    )
  })

  test('is followed by that of its outcome before any other', () => {
    fc.assert(
      fc.property(ms, bytes, bytes, (at, ra, rb) => {
        const [a, b] = [entryId(at, ra), entryId(at, rb)].sort()
        if (a === undefined || b === undefined || a === b) return
        expect(a < outcomeId(a) && outcomeId(a) < b).toBe(true)
      }),
    )
  })

  test('falls into one of the shards that are looked through', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(ms, bytes, (at, random) => {
        seen.add(openShard(entryId(at, random)))
        expect(everyOpenShard()).toContain(openShard(entryId(at, random)))
      }),
      { numRuns: 500 },
    )
    expect(seen.size).toBe(16)
  })
})

test('base32 keeps the order of bytes and loses none', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(base32(a) < base32(b)).toBe(Buffer.compare(a, b) < 0)
      expect(base32(a) === base32(b)).toBe(Buffer.compare(a, b) === 0)
    }),
  )
})
