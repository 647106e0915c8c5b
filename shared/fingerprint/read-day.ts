/**
 * The replies of a day, of all segments that have some, with the groups that their fingerprints make across them. A
 * megabyte of each segment is held at a time, and what `SentReply` says of each reply. Pure.
 */
import type { SentReply } from './patterns.ts'
import { everyPair, everyReply, type Segment } from './read-segment.ts'
import { pairBytes } from './segment-format.ts'

export interface DayRead {
  readonly replies: readonly SentReply[]
  /** The replies of each fingerprint, each once, by their place in `replies`. Those of one reply are left out. `look` keeps no list. */
  eachGroup(look: (group: readonly number[]) => void): Promise<void>
}

/**
 * `isOfDay` by the id of a reply: a segment can reach into another day. What is in several segments, since it was packed again
 * after a crash or is being merged, is one reply. Throws a `SegmentFault`, and what the readers throw.
 */
export async function readDay(
  segments: readonly Segment[],
  isOfDay: (eid: string) => boolean,
): Promise<DayRead> {
  const replies: SentReply[] = []
  const places = new Map<string, number>()
  const tables: Int32Array[] = []
  for (const segment of segments) {
    const table = (await everyReply(segment)).map(
      ({ eid, agreement, client, model, words, fingerprints }) => {
        if (!isOfDay(eid)) return notOfDay
        const place = places.get(eid) ?? replies.length
        if (place === replies.length) {
          places.set(eid, place)
          replies.push({ agreement, client, model, words, fingerprints })
        }
        return place
      },
    )
    tables.push(Int32Array.from(table))
  }
  places.clear()
  return { replies, eachGroup: look => weave(segments, tables, look) }
}

const notOfDay = -1

/** A place in a segment's pairs, and the fingerprint there in two numbers. */
interface Cursor {
  readonly parts: AsyncGenerator<DataView>
  readonly table: Int32Array
  pairs: DataView
  at: number
  high: number
  low: number
}

async function weave(
  segments: readonly Segment[],
  tables: readonly Int32Array[],
  look: (group: readonly number[]) => void,
): Promise<void> {
  const heap: Cursor[] = []
  for (const [i, segment] of segments.entries()) {
    const table = tables[i]
    if (table === undefined || !table.some(place => place !== notOfDay)) continue
    const start = { pairs: new DataView(new ArrayBuffer(0)), at: 0, high: 0, low: 0 }
    const cursor: Cursor = { parts: everyPair(segment), table, ...start }
    if (await advance(cursor, 0)) heap.push(cursor)
  }
  for (let i = heap.length >> 1; i >= 0; i--) sink(heap, i)

  const group: number[] = []
  let [high, low] = [-1, -1]
  const close = (): void => {
    // A reply stands in it as often as it was packed.
    if (group.length > 1) look(segments.length > 1 ? [...new Set(group)] : group)
    group.length = 0
  }
  for (let least = heap[0]; least !== undefined; least = heap[0]) {
    if (least.high !== high || least.low !== low) {
      close()
      high = least.high
      low = least.low
    }
    const place = least.table[least.pairs.getUint32(least.at + 8)]
    if (place !== undefined && place !== notOfDay) group.push(place)
    const more = advance(least, pairBytes)
    if (!(typeof more === 'boolean' ? more : await more)) {
      const last = heap.pop()
      if (last !== undefined && last !== least) heap[0] = last
    }
    sink(heap, 0)
  }
  close()
}

/** By so many bytes, through the parts; false behind the last pair. Waits only where a part ends. */
function advance(cursor: Cursor, by: number): boolean | Promise<boolean> {
  cursor.at += by
  if (cursor.at >= cursor.pairs.byteLength) return nextPart(cursor)
  cursor.high = cursor.pairs.getUint32(cursor.at)
  cursor.low = cursor.pairs.getUint32(cursor.at + 4)
  return true
}

async function nextPart(cursor: Cursor): Promise<boolean> {
  const next = await cursor.parts.next()
  if (next.done) return false
  cursor.pairs = next.value
  cursor.at = 0
  return advance(cursor, 0)
}

const isBefore = (a: Cursor, b: Cursor): boolean => a.high < b.high || (a.high === b.high && a.low < b.low)

/** A binary heap: the least stands first. */
function sink(heap: Cursor[], from: number): void {
  for (let at = from; ; ) {
    let least = at
    for (let below = 2 * at + 1; below <= 2 * at + 2; below++) {
      const one = heap[below]
      if (one !== undefined && isBefore(one, heap[least] as Cursor)) least = below
    }
    if (least === at) return
    const moved = heap[at] as Cursor
    heap[at] = heap[least] as Cursor
    heap[least] = moved
    at = least
  }
}
