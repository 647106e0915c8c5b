/** A day out of several segments: each reply once, and every group that several of them share. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entryId, outcomeId, timeOfEntry } from '../../../shared/entries/id.ts'
import { buildSegment } from '../../../shared/fingerprint/build-segment.ts'
import type { PendingReply } from '../../../shared/fingerprint/pending.ts'
import { readDay } from '../../../shared/fingerprint/read-day.ts'
import { inMemory, openSegment } from '../../../shared/fingerprint/read-segment.ts'

const day = 86_400_000
const epoch = 24_322
const today = Date.UTC(2026, 10, 26)
const isToday = (eid: string): boolean => Math.floor(timeOfEntry(eid) / day) * day === today

const reply = (n: number, fingerprints: readonly bigint[], of = today): PendingReply => ({
  eid: outcomeId(entryId(of + n * 60_000, new Uint8Array(16).fill(n))),
  ...{
    organisation: 'cedar',
    agreement: 'agreement_1',
    client: `client_${n % 3}`,
    model: 'aurora',
    words: n,
  },
  fingerprints: BigUint64Array.from(fingerprints).sort(),
})

const read = async (segments: readonly (readonly PendingReply[])[]) => {
  const opened = await Promise.all(
    segments.map(replies => openSegment(inMemory(buildSegment(epoch, replies)))),
  )
  const { replies, eachGroup } = await readDay(opened, isToday)
  const groups: number[][] = []
  await eachGroup(group => groups.push([...group].sort((a, b) => a - b)))
  // By their words each is known.
  return { replies, groups: groups.map(group => group.map(at => replies[at]?.words)) }
}

test('groups reach across segments; a reply in two of them is one, and one of another day is none', async () => {
  const [one, two, three] = [reply(1, [1n, 2n, 3n]), reply(2, [2n, 9n]), reply(3, [3n, 2n])]
  const yesterday = reply(4, [1n, 2n], today - day)
  const { replies, groups } = await read([[one, yesterday], [one, two], [three]])
  expect(replies.map(({ words, fingerprints }) => [words, fingerprints])).toEqual([
    [1, 3],
    [2, 2],
    [3, 2],
  ])
  expect(groups.filter(group => group.length > 1)).toEqual([
    [1, 2, 3],
    [1, 3],
  ])
})

test('of no segment, and of segments of other days alone, there is nothing', async () => {
  expect(await read([])).toEqual({ replies: [], groups: [] })
  expect(await read([[reply(1, [1n], today + day)]])).toEqual({ replies: [], groups: [] })
})

test('however replies are spread over segments, the same groups are found', async () => {
  const set = fc.uniqueArray(fc.constantFrom(1n, 2n, 3n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n), {
    minLength: 1,
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ set, into: fc.uniqueArray(fc.nat(4), { minLength: 1 }) }), { maxLength: 12 }),
      async spread => {
        const replies = spread.map(({ set }, i) => reply(i + 1, set))
        const segments = Array.from({ length: 5 }, (_, at) =>
          replies.filter((_, i) => spread[i]?.into.includes(at)),
        ).filter(segment => segment.length > 0)
        const { groups } = await read(segments)
        const byHand = new Map<bigint, number[]>()
        for (const [i, { set }] of spread.entries())
          for (const one of set) byHand.set(one, [...(byHand.get(one) ?? []), i + 1])
        const inOrder = (all: readonly (readonly (number | undefined)[])[]) =>
          all
            .filter(group => group.length > 1)
            .map(group => group.toSorted().join())
            .toSorted()
        expect(inOrder(groups)).toEqual(inOrder([...byHand.values()]))
      },
    ),
    { numRuns: 60 },
  )
})
