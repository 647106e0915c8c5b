/** A segment: what it was built of can be looked up by few reads, and what was damaged is never answered from. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildSegment, segmentBytes, segmentInSteps } from '../../../shared/fingerprint/build-segment.ts'
import { mergedBytes, mergeSegments } from '../../../shared/fingerprint/merge-segments.ts'
import type { PendingReply } from '../../../shared/fingerprint/pending.ts'
import {
  everyPair,
  everyReply,
  inMemory,
  lookup,
  openSegment,
  readReplies,
} from '../../../shared/fingerprint/read-segment.ts'
import { idBytes, maxSegmentBytes, SegmentFault } from '../../../shared/fingerprint/segment-format.ts'
import { replyOf } from './replies.ts'

const epoch = 24_322

/** Few values, so that replies share some, and any, so that they are in every bucket. */
const fingerprint = fc.oneof(
  fc.bigInt({ min: 0n, max: 20n }),
  fc.bigInt({ min: 2n ** 64n - 3n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
)
const replies = fc
  .array(fc.uniqueArray(fingerprint, { maxLength: 12 }), { maxLength: 12 })
  .map(sets => sets.map((set, n) => replyOf(n, { fingerprints: BigUint64Array.from(set).sort() })))

/** So many that there are buckets. */
const many = (count: number, each: number): readonly PendingReply[] =>
  Array.from({ length: count }, (_, n) =>
    replyOf(n, {
      fingerprints: BigUint64Array.from({ length: each }, (_, i) =>
        BigInt.asUintN(64, BigInt(n * each + i + 1) * 0x9e37_79b9_7f4a_7c15n),
      ).sort(),
    }),
  )

const open = (bytes: Uint8Array) => openSegment(inMemory(bytes))

/** What a map says: by the fingerprint, the ids of the replies that have it. */
function naive(some: readonly PendingReply[]): ReadonlyMap<bigint, readonly string[]> {
  const all = some.flatMap(({ eid, fingerprints }) => [...fingerprints].map(one => ({ one, eid })))
  const grouped = Map.groupBy(all, ({ one }) => one)
  return new Map([...grouped].map(([one, pairs]) => [one, pairs.map(({ eid }) => eid).sort()]))
}

async function answers(bytes: Uint8Array, sought: Iterable<bigint>) {
  const segment = await open(bytes)
  const groups = await lookup(segment, sought)
  const facts = await readReplies(
    segment,
    groups.flatMap(group => group.replies),
  )
  return new Map(
    groups.map(group => [group.fingerprint, group.replies.map(number => facts.get(number)?.eid)]),
  )
}

describe('a segment', () => {
  test('answers as a map of the same replies would', () =>
    fc.assert(
      fc.asyncProperty(replies, fc.array(fingerprint, { maxLength: 20 }), async (some, others) => {
        const map = naive(some)
        const sought = [...map.keys(), ...others]
        expect(await answers(buildSegment(epoch, some), sought)).toEqual(map)
      }),
    ))

  test('knows of each reply what was said of it', async () => {
    const some = [replyOf(2, { words: 0 }), replyOf(1, { fingerprints: BigUint64Array.of(7n) })]
    const segment = await open(buildSegment(epoch, some))
    expect(segment.header).toMatchObject({ epoch, replies: 2, pairs: 1 })
    const [second, first] = some.map(({ fingerprints, ...facts }) => ({
      ...facts,
      fingerprints: fingerprints.length,
    }))
    expect(await everyReply(segment)).toEqual([first, second])
  })

  test('is the same bytes in whatever order its replies come', () => {
    fc.assert(
      fc.property(
        replies.chain(some =>
          fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
        ),
        ([some, shuffled]) => {
          expect(Buffer.compare(buildSegment(epoch, shuffled), buildSegment(epoch, some))).toBe(0)
        },
      ),
    )
  })

  test('is made with pauses, where it is large', () => {
    // Counted, placed and sorted: of 200,000 pairs each.
    expect([...segmentInSteps(epoch, many(200, 1_000))].length).toBeGreaterThan(4)
  })

  test('is about twelve bytes a fingerprint', () => {
    const bytes = buildSegment(epoch, many(100, 300))
    expect(bytes.length / (100 * 300)).toBeLessThan(12.3)
    expect(bytes.length - segmentBytes(100, 100 * 300)).toBeLessThan(500)
  })

  test('is looked up in by one read of its front and one of each part that is sought', async () => {
    const some = many(1_000, 300)
    const bytes = buildSegment(epoch, some)
    const reads: number[] = []
    const segment = await openSegment({
      get: async (from, to) => {
        reads.push(Math.min(to, bytes.length) - from)
        return bytes.subarray(from, to)
      },
    })
    expect(reads).toEqual([65_536])
    const [one = 0n] = some[500]?.fingerprints ?? []
    await lookup(segment, [one])
    // A bucket of some 256 pairs.
    expect(reads[1]).toBeLessThan(12 * 400)
    const all = some[7]?.fingerprints ?? []
    expect(await lookup(segment, all)).toHaveLength(300)
    // 300 buckets, in reads of a megabyte at most.
    expect(reads.slice(2).length).toBeLessThan(6)
    expect(Math.max(...reads)).toBeLessThanOrEqual(2 ** 20)
  })

  test('takes no reply twice, none whose id is none, and no more than one may have', () => {
    expect(() => buildSegment(epoch, [replyOf(1), replyOf(1)])).toThrow(RangeError)
    expect(() => buildSegment(epoch, [replyOf(1, { eid: 'entry_1' })])).toThrow(TypeError)
    const large = new BigUint64Array(1_000_000)
    const some = Array.from({ length: 12 }, (_, n) => replyOf(n, { fingerprints: large }))
    expect(segmentBytes(12, 12_000_000)).toBeGreaterThan(maxSegmentBytes)
    expect(() => buildSegment(epoch, some)).toThrow(RangeError)
  })

  test('has an id in sixteen bytes, which sort as ids do', () => {
    expect(Buffer.from(idBytes(`entry_7${'z'.repeat(25)}`)).toString('hex')).toBe('ff'.repeat(16))
    expect(Buffer.compare(idBytes(replyOf(1).eid), idBytes(replyOf(2).eid))).toBe(-1)
  })
})

describe('a merged segment', () => {
  test('is the one that all its replies would have been built into', () =>
    fc.assert(
      fc.asyncProperty(replies, fc.array(fc.nat(3)), async (some, into) => {
        const parts = [0, 1, 2, 3].map(part => some.filter((_, i) => (into[i] ?? 0) === part))
        const segments = await Promise.all(parts.map(part => open(buildSegment(epoch, part))))
        const merged = await mergeSegments(segments)
        expect(Buffer.compare(merged, buildSegment(epoch, some))).toBe(0)
      }),
    ))

  test('is so of segments with many buckets', async () => {
    const some = many(300, 300)
    const parts = [some.slice(0, 10), some.slice(10, 250), some.slice(250)]
    const segments = await Promise.all(parts.map(part => open(buildSegment(epoch, part))))
    const built = buildSegment(epoch, some)
    expect(Buffer.compare(await mergeSegments(segments), built)).toBe(0)
    expect(built.length - mergedBytes(segments)).toBeLessThan(500)
  })

  test('has a reply once that was packed again after a crash', () =>
    fc.assert(
      fc.asyncProperty(replies, fc.nat(12), async (some, from) => {
        const parts = [some, some.slice(from), some.slice(0, from)].map(part => buildSegment(epoch, part))
        const merged = await mergeSegments(await Promise.all(parts.map(open)))
        expect(Buffer.compare(merged, buildSegment(epoch, some))).toBe(0)
      }),
    ))

  test('is none of two that say different things of one reply', async () => {
    const one = replyOf(1, { fingerprints: BigUint64Array.of(1n, 2n) })
    for (const other of [
      { ...one, organisation: 'another' },
      { ...one, fingerprints: BigUint64Array.of(1n, 3n) },
      { ...one, fingerprints: BigUint64Array.of(1n) },
    ]) {
      const both = await Promise.all([one, other].map(reply => open(buildSegment(epoch, [reply]))))
      await expect(mergeSegments(both)).rejects.toThrow(SegmentFault)
    }
  })

  test('is of one epoch', async () => {
    const two = await Promise.all([epoch, epoch + 1].map(of => open(buildSegment(of, [replyOf(1)]))))
    await expect(mergeSegments(two)).rejects.toThrow(RangeError)
    await expect(mergeSegments([])).rejects.toThrow(RangeError)
  })
})

describe('a damaged segment', () => {
  const some = many(12, 100)
  const whole = buildSegment(epoch, some)

  /** All there is to know of one, in words. */
  async function everything(bytes: Uint8Array): Promise<string> {
    const segment = await open(bytes)
    const told: unknown[] = [segment.header, segment.names, await everyReply(segment)]
    for await (const { buffer, byteOffset, byteLength } of everyPair(segment))
      told.push(Buffer.from(buffer, byteOffset, byteLength).toString('hex'))
    return JSON.stringify(told)
  }

  test('is a fault wherever a byte is another', async () => {
    const expected = await everything(whole)
    expect(expected).toContain(replyOf(3).eid)
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const bytes = Uint8Array.from(whole)
        bytes[at] = (bytes[at] ?? 0) ^ by
        await expect(everything(bytes)).rejects.toThrow(SegmentFault)
      }),
      { numRuns: 300 },
    )
  })

  test('is a fault wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async end => {
        await expect(everything(whole.subarray(0, end))).rejects.toThrow(SegmentFault)
      }),
    )
  })

  test('is a fault where it is something else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async bytes => {
        await expect(everything(bytes)).rejects.toThrow(SegmentFault)
      }),
    )
  })

  test('answers a question whose part is whole, and no other', async () => {
    const bytes = Uint8Array.from(whole)
    const last = bytes.length - 1
    bytes[last] = (bytes[last] ?? 0) ^ 1
    const all = some.flatMap(({ fingerprints }) => [...fingerprints]).sort((a, b) => (a < b ? -1 : 1))
    expect((await answers(bytes, [all[0] ?? 0n])).size).toBe(1)
    await expect(answers(bytes, [all.at(-1) ?? 0n])).rejects.toThrow(SegmentFault)
  })
})
