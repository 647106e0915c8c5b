/** The marks of a copy: uniform, the same whenever they are made, and never a change of a fact. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { markedRange, markedSlots, slotTimes } from '../../../shared/watermark/marks.ts'
import { shownOf } from '../../../shared/watermark/shown.ts'
import { bind, entryMarks, openEpochKey } from '../../../shared/watermark/slots.ts'
import { openRecord } from '../../../shared/watermark/verify.ts'
import { makeView } from '../../../shared/watermark/view.ts'
import { decisionOf } from '../client/verify-world.ts'

const epoch = openEpochKey(2026 * 12 + 10, 64, new Uint8Array(32).fill(7))
const times = { time: 1_795_773_620_000, start_time: 1_795_773_590_000 }
const eids = (n: number): readonly string[] => Array.from({ length: n }, (_, i) => decisionOf(i).eid)
const all = eids(3_000).map(eid => entryMarks(epoch, eid, times))

/** Pearson's statistic of counts that should be like. */
function pearson(counts: readonly number[]): number {
  const expected = counts.reduce((sum, n) => sum + n, 0) / counts.length
  return counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)
}

describe('marks', () => {
  test('are the same whenever they are made, and others for every entry, reader and key', () => {
    const again = entryMarks(
      openEpochKey(epoch.epoch, 64, Uint8Array.from(epoch.key)),
      eids(1)[0] ?? '',
      times,
    )
    expect(again).toEqual(all[0])
    expect(all[1]).not.toEqual(all[0])
    expect(new Set(all[0]?.marks.map(({ digits }) => digits)).size).toBe(markedSlots(64))
  })

  // With 9 degrees of freedom, 33.7 is exceeded by one in 10,000 fair ones; the ids are fixed, and so is what comes out.
  test.each(['digits', 'latency'] as const)(
    'have at each place of their %s every digit as often as any other',
    field => {
      for (let place = 0; place < 7; place++) {
        const counts = Array.from({ length: 10 }, () => 0)
        for (const { marks } of all)
          for (const mark of marks) {
            const digit = Math.floor(mark[field] / 10 ** place) % 10
            counts[digit] = (counts[digit] ?? 0) + 1
          }
        expect(pearson(counts), `place ${place}`).toBeLessThan(33.7)
      }
      expect(
        all.every(({ marks }) => marks.every(mark => mark[field] >= 0 && mark[field] < markedRange)),
      ).toBe(true)
    },
  )

  test('show the second instant as often as the entry’s bias says, of which there are three', () => {
    const byBias = Map.groupBy(all, ({ bias }) => bias)
    expect([...byBias.keys()].toSorted()).toEqual([0.1127, 0.5, 0.8873])
    for (const [bias = 0, some] of byBias) {
      const bits = some.flatMap(({ marks }) => marks.map(({ instant }) => instant))
      const share = bits.filter(bit => bit === 1).length / bits.length
      // Five standard deviations.
      expect(Math.abs(share - bias)).toBeLessThan(5 * Math.sqrt((bias * (1 - bias)) / bits.length))
      expect(some.length / all.length).toBeGreaterThan(0.3)
    }
  })

  test('of an entry with one instant show that one, and no latency', () => {
    const { bias, marks } = entryMarks(epoch, eids(1)[0] ?? '', { time: times.time })
    expect(bias).toBeUndefined()
    expect(marks.every(({ instant, latency }) => instant === 1 && latency === 0)).toBe(true)
    expect(marks.map(({ digits }) => digits)).toEqual(all[0]?.marks.map(({ digits }) => digits))
  })

  test('never alter what is a fact: tens of seconds are those of an instant, and of the time between', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(400), fc.integer({ min: 0, max: 63 }), (n, tens, slot) => {
        const one = { time: times.start_time + tens * 10_000, start_time: times.start_time }
        const { marks } = entryMarks(epoch, eids(1)[0] + String(n), one)
        const { time, latency } = slotTimes(one, marks[slot])
        const floor = (micros: number): number => (micros - (micros % 10_000_000)) / 1_000
        expect([one.time, one.start_time]).toContain(floor(time))
        if (slot < markedSlots(64)) expect(floor(latency)).toBe(one.time - one.start_time)
        else expect([time, latency]).toEqual([one.time * 1_000, 0])
      }),
    )
  })
})

test('what ended before it began, by clocks that stand apart, took no time; its record is bound and verified', async () => {
  const { eid, entry } = decisionOf(3)
  const body = { ...JSON.parse(entry.body), time: times.start_time, start_time: times.time }
  const bound = bind(epoch, eid, { body: JSON.stringify(body), exact: entry.exact })
  const digest = Buffer.from(bound.digest).toString('base64url')
  for (const slot of [0, 1, 2, 63]) {
    const view = makeView(bound, { log: 'l', epoch, slot, index: 1, withheld: [] })
    const shown = shownOf(body, bound.opening(slot).carrier)
    expect((await openRecord({ eid, digest, body, shown, view })).leaf).toEqual(bound.leaf)
    if (slot < 3) expect(shown.latency_s).toMatch(/^\d\.\d{6}$/)
  }
})

describe('what a reader is shown', () => {
  const { eid, entry } = decisionOf(3)
  const body = { ...JSON.parse(entry.body), ...times }
  const bound = bind(epoch, eid, { body: JSON.stringify(body), exact: entry.exact })
  const record = (slot: number) => {
    const view = makeView(bound, { log: 'l', epoch, slot, index: 1, withheld: [] })
    const shown = shownOf(body, bound.opening(slot).carrier)
    return { eid, digest: Buffer.from(bound.digest).toString('base64url'), body, shown, view }
  }

  test('is what their slot binds', async () => {
    for (let slot = 0; slot < 64; slot++) expect((await openRecord(record(slot))).leaf).toEqual(bound.leaf)
    expect(record(0).shown).toEqual({
      time: expect.stringMatching(/^2026-11-27T(09:59:5|10:00:2)\d\.\d{6}Z$/),
      latency_s: expect.stringMatching(/^3\d\.\d{6}$/),
      exact_to_s: 10,
    })
  })

  test('with one digit altered no longer verifies, nor with somebody else’s', async () => {
    const own = record(5)
    const other = record(6)
    for (const shown of [
      other.shown,
      { ...own.shown, time: own.shown.time.replace(/.(?=Z)/, digit => String((Number(digit) + 1) % 10)) },
      { ...own.shown, latency_s: other.shown.latency_s ?? '' },
      { time: own.shown.time, exact_to_s: 10 as const },
    ])
      await expect(openRecord({ ...own, shown })).rejects.toThrow('not those of the slot')
    // The digits that fit, by a slot that does not: it is another leaf than the tree has.
    const forged = { ...own, shown: other.shown, view: { ...own.view, carrier: other.view.carrier } }
    expect((await openRecord(forged)).leaf).not.toEqual(bound.leaf)
  })

  test('need not be kept: a copy without it is proved all the same, and names its reader', async () => {
    const { shown: _, ...rest } = record(5)
    expect((await openRecord(rest)).reader).toBe(Buffer.from(epoch.readers[5] ?? '').toString('hex'))
  })
})
