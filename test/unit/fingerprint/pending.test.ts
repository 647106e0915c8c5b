/** A set as it is kept and committed to, and a reply that waits to be packed. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { entryId, outcomeId } from '../../../shared/entries/id.ts'
import {
  formatPending,
  parsePending,
  pendingKey,
  pendingPrefix,
  readPendingKey,
} from '../../../shared/fingerprint/pending.ts'
import { formatSet, inSet, parseSet, setDigest } from '../../../shared/fingerprint/set.ts'
import { replyOf } from './replies.ts'

const sets = fc
  .uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 40 })
  .map(some => BigUint64Array.from(some).sort())

describe('a set of fingerprints', () => {
  test('is eight bytes for each, most significant first, ascending', () => {
    expect(formatSet(BigUint64Array.of(1n, 0x0102030405060708n))).toEqual(
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8),
    )
  })

  test('is read as it was written, and has what it has', () => {
    fc.assert(
      fc.property(sets, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (set, other) => {
        expect(parseSet(formatSet(set))).toEqual(set)
        expect(set.every(one => inSet(set, one))).toBe(true)
        expect(inSet(set, other)).toBe(set.includes(other))
      }),
    )
  })

  test('is no set where one is there twice, out of order, or cut', () => {
    const bytes = formatSet(BigUint64Array.of(5n, 9n))
    expect(parseSet(bytes.subarray(0, 15))).toBeUndefined()
    expect(parseSet(Buffer.concat([bytes, bytes]))).toBeUndefined()
    expect(parseSet(Buffer.concat([bytes.subarray(8), bytes.subarray(8)]))).toBeUndefined()
    expect(() => formatSet(BigUint64Array.of(9n, 5n))).toThrow(RangeError)
  })

  test('has a digest that is no other hash of the log', () => {
    const bytes = formatSet(BigUint64Array.of(5n, 9n))
    const expected = createHash('sha256').update(Uint8Array.of(7)).update(bytes).digest('base64url')
    expect(setDigest(bytes)).toBe(expected)
  })
})

describe('a reply that waits', () => {
  const reply = replyOf(3, { fingerprints: BigUint64Array.of(4n, 2n ** 63n) })

  test('is read as it was written', () => {
    expect(parsePending(formatPending(reply))).toEqual(reply)
    const silent = replyOf(4, { fingerprints: new BigUint64Array(), client: 'a "client"\nof two lines' })
    expect(parsePending(formatPending(silent))).toEqual(silent)
  })

  test('stands below the month and the hour of its id', () => {
    const eid = outcomeId(entryId(Date.UTC(2026, 10, 27, 17, 34), Buffer.alloc(16, 1)))
    const hour = Date.UTC(2026, 10, 27, 17) / 3_600_000
    expect(pendingKey(eid)).toBe(`attr/pending/24322/${hour}/${eid}`)
    expect(pendingKey(eid).startsWith(pendingPrefix(24_322, hour))).toBe(true)
    expect(readPendingKey(pendingKey(eid))).toEqual({ epoch: 24_322, hour, eid })
    expect(readPendingKey(pendingKey(eid).replace(`${hour}`, `${hour + 1}`))).toBeUndefined()
    expect(readPendingKey('attr/pending/24322/1/other')).toBeUndefined()
  })

  test('is none where a fact is missing or of another kind, or the set is none', () => {
    const line = (facts: object): Uint8Array => Buffer.from(`${JSON.stringify(facts)}\n`)
    const { fingerprints: _, ...facts } = reply
    expect(parsePending(line(facts))).toEqual({ ...facts, fingerprints: new BigUint64Array() })
    for (const wrong of [
      { ...facts, eid: 'entry_1' },
      // The first digit of an id has three bits.
      { ...facts, eid: `entry_z${facts.eid.slice(7)}` },
      { ...facts, words: -1 },
      { ...facts, words: 1.5 },
      { ...facts, words: 2 ** 32 },
      { ...facts, model: 7 },
      { ...facts, client: undefined },
      { ...facts, organisation: null },
      [],
    ]) {
      expect(parsePending(line(wrong))).toBeUndefined()
    }
    expect(parsePending(Buffer.from('null\n'))).toBeUndefined()
    expect(parsePending(Buffer.from('{'))).toBeUndefined()
    expect(parsePending(Buffer.concat([line(facts), Buffer.alloc(7)]))).toBeUndefined()
  })

  test('that was changed anywhere is read as another or as none, and never throws', () => {
    const bytes = formatPending(reply)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Uint8Array.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ by
        expect(parsePending(changed)).not.toEqual(reply)
      }),
    )
  })
})
