import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { epochEntry, epochEntryId } from '../../../shared/entries/epoch.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import { epochAt, isSlotCount, startOfEpoch } from '../../../shared/watermark/epoch.ts'
import { bind, openEpochKey } from '../../../shared/watermark/slots.ts'

describe('an epoch', () => {
  test.each([
    ['1970-01-01T00:00:00.000Z', 1970 * 12],
    ['2026-11-30T23:59:59.999Z', 2026 * 12 + 10],
    ['2026-12-01T00:00:00.000Z', 2026 * 12 + 11],
    ['2027-01-01T00:00:00.000Z', 2027 * 12],
  ])('of %s is month %i', (time, epoch) => {
    expect(epochAt(Date.parse(time))).toBe(epoch)
  })

  test('begins with its first moment, and ends before the next one’s', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1970 * 12, max: 9999 * 12 }), epoch => {
        expect(epochAt(startOfEpoch(epoch))).toBe(epoch)
        expect(epochAt(startOfEpoch(epoch) - 1)).toBe(epoch - 1)
      }),
    )
  })

  test('has a commitment of its own, which is of that epoch and a leaf of another type', () => {
    const facts = { log: 'l', epoch: 2026 * 12 + 10, slots: 8, keyDigest: 'd' }
    const { eid, entry } = epochEntry(facts)
    expect(epochEntry(facts)).toEqual({ eid, entry })
    expect(epochAt(timeOfEntry(eid))).toBe(facts.epoch)
    expect(bind(openEpochKey(facts.epoch, 8, new Uint8Array(32)), eid, entry).leaf[4]).toBe(5)
    expect(new Set([eid, epochEntryId('l', facts.epoch + 1), epochEntryId('m', facts.epoch)]).size).toBe(3)
  })
})

test.each([
  [0, false],
  [2, false],
  [4, true],
  [63, false],
  [64, true],
  [1024, true],
  [2048, false],
  [4.5, false],
  [Number.NaN, false],
])('%d slots: %s', (slots, can) => {
  expect(isSlotCount(slots)).toBe(can)
})
