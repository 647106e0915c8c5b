/**
 * Makes one segment of several. What is read of each is a megabyte at a time; what is made is held whole. The result is the
 * one that all their replies would have been built into at once. Pure.
 */
import { frameOf, inOrder, segmentBytes } from './build-segment.ts'
import { everyPair, everyReply, type Segment } from './read-segment.ts'
import { fault, pairBytes, type SegmentReply } from './segment-format.ts'

/** How many bytes the segment of these has at most, but for its names. */
export const mergedBytes = (segments: readonly Segment[]): number =>
  segmentBytes(
    segments.reduce((sum, { header }) => sum + header.replies, 0),
    segments.reduce((sum, { header }) => sum + header.pairs, 0),
  )

/**
 * Of one epoch, at least one. A reply that is in several, because it was packed again after a crash, is one reply. Throws a
 * `RangeError` where the result would be too large (`mergedBytes`) or they are of several epochs.
 */
export async function mergeSegments(segments: readonly Segment[]): Promise<Uint8Array> {
  const epochs = new Set(segments.map(({ header }) => header.epoch))
  const [epoch] = epochs
  if (epoch === undefined || epochs.size > 1) throw new RangeError('segments of one epoch are merged')

  const tables: (readonly SegmentReply[])[] = []
  for (const segment of segments) tables.push(await everyReply(segment))
  const replies = inOrder(oneEach(tables.flat()))
  const numbers = new Map(replies.map(({ eid }, i) => [eid, i]))
  const frame = frameOf(epoch, replies)

  const cursors: Cursor[] = []
  for (const [i, segment] of segments.entries()) {
    // Both tables are in the order of their ids, so renumbered pairs ascend as well.
    const renumbered = Uint32Array.from(tables[i] ?? [], ({ eid }) => numbers.get(eid) as number)
    const cursor = { parts: everyPair(segment), renumbered, at: 0, pairs: noPairs, ...nothing }
    if (await advance(cursor, 0)) cursors.push(cursor)
  }
  await weave(cursors, frame.pairs)
  return frame.close()
}

/** A fault where two say different things of one reply. */
function oneEach(replies: readonly SegmentReply[]): readonly SegmentReply[] {
  const byId = new Map<string, SegmentReply>()
  for (const reply of replies) {
    const before = byId.get(reply.eid)
    if (before && JSON.stringify(before) !== JSON.stringify(reply))
      fault('a reply is another in a second one')
    byId.set(reply.eid, reply)
  }
  return [...byId.values()]
}

/** A place in a segment's pairs, and the pair there in three numbers. */
interface Cursor {
  readonly parts: AsyncGenerator<DataView>
  readonly renumbered: Uint32Array
  pairs: DataView
  at: number
  high: number
  low: number
  reply: number
}

const noPairs = new DataView(new ArrayBuffer(0))
const nothing = { high: 0, low: 0, reply: 0 }

/** By so many bytes, through the parts; false behind the last pair. Waits only where a part ends. */
function advance(cursor: Cursor, by: number): boolean | Promise<boolean> {
  cursor.at += by
  if (cursor.at >= cursor.pairs.byteLength) return nextPart(cursor)
  cursor.high = cursor.pairs.getUint32(cursor.at)
  cursor.low = cursor.pairs.getUint32(cursor.at + 4)
  cursor.reply = cursor.renumbered[cursor.pairs.getUint32(cursor.at + 8)] as number
  return true
}

async function nextPart(cursor: Cursor): Promise<boolean> {
  const next = await cursor.parts.next()
  if (next.done) return false
  cursor.pairs = next.value
  cursor.at = 0
  return advance(cursor, 0)
}

const compare = (a: Cursor, b: Cursor): number => a.high - b.high || a.low - b.low || a.reply - b.reply

async function weave(cursors: Cursor[], out: DataView): Promise<void> {
  let at = 0
  let last: Pick<Cursor, 'high' | 'low' | 'reply'> = { high: -1, low: -1, reply: -1 }
  while (cursors.length > 0) {
    let least = cursors[0] as Cursor
    for (let i = 1; i < cursors.length; i++) {
      const one = cursors[i] as Cursor
      if (compare(one, least) < 0) least = one
    }
    const { high, low, reply } = least
    if (high !== last.high || low !== last.low || reply !== last.reply) {
      if (at >= out.byteLength) fault('it has more pairs than its replies say')
      out.setUint32(at, high)
      out.setUint32(at + 4, low)
      out.setUint32(at + 8, reply)
      at += pairBytes
      last = { high, low, reply }
    }
    const more = advance(least, pairBytes)
    if (!(typeof more === 'boolean' ? more : await more)) cursors.splice(cursors.indexOf(least), 1)
  }
  if (at !== out.byteLength) fault('it has fewer pairs than its replies say')
}
