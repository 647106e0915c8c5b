/**
 * Reads a segment by ranges: its front once, then for what is looked up the buckets that it would be in. Whatever is not as
 * it was written is a `SegmentFault`. Pure; the bytes come from its caller.
 */
import {
  bucketOf,
  checksum,
  fault,
  headerBytes,
  indexEntryBytes,
  layoutOf,
  pairBytes,
  parseHeader,
  parseNames,
  parseReply,
  replyBytes,
  type SegmentHeader,
  type SegmentLayout,
  type SegmentNames,
  type SegmentReply,
} from './segment-format.ts'

export interface RangeReader {
  /** The bytes from `from` to before `to`, cut where the file ends. May throw what its store throws. */
  get(from: number, to: number): Promise<Uint8Array>
}

export interface Segment {
  readonly header: SegmentHeader
  readonly layout: SegmentLayout
  readonly names: SegmentNames
  /** Of each bucket its first pair, and after the last how many there are. */
  readonly starts: Uint32Array
  readonly checksums: Uint32Array
  readonly reader: RangeReader
}

/** The replies that a fingerprint is in, by their numbers in the segment: ascending. */
export interface Group {
  readonly fingerprint: bigint
  readonly replies: readonly number[]
}

export const inMemory = (bytes: Uint8Array): RangeReader => ({
  get: async (from, to) => bytes.subarray(from, to),
})

/** Of a segment of an hour, this is most. */
const firstRead = 65_536
/** What lies between two ranges is read too where it is shorter than a request is worth. */
const gapBytes = 65_536
/** What is read at once at most, but for a single bucket that is larger. */
const chunkBytes = 2 ** 20
/** Requests that wait at the same time. */
const together = 8

/** In one read where it is small, else in two. */
export async function openSegment(reader: RangeReader): Promise<Segment> {
  const first = await reader.get(0, firstRead)
  const header = parseHeader(first)
  const layout = layoutOf(header)
  const front =
    layout.replies <= first.length
      ? first
      : joined(first, await exactly(reader, first.length, layout.replies))
  const names = front.subarray(headerBytes, layout.index)
  const index = front.subarray(layout.index, layout.replies)
  if (checksum(names) !== header.namesChecksum) fault('the checksum of its names is another')
  if (checksum(index) !== header.indexChecksum) fault('the checksum of its index is another')
  return { header, layout, names: parseNames(names), ...parseIndex(index, header), reader }
}

/** Those of `fingerprints` that are there, ascending. */
export async function lookup(segment: Segment, fingerprints: Iterable<bigint>): Promise<readonly Group[]> {
  const sought = new Set(fingerprints)
  const buckets = [
    ...new Set([...sought].map(one => bucketOf(Number(one >> 32n), segment.header.prefixBits))),
  ]
    .filter(bucket => pairsIn(segment, bucket) > 0)
    .sort((a, b) => a - b)
  const runs = runsOf(buckets, bucket => rangeOf(segment, bucket))
  const found = await inTurns(runs, async run => {
    const bytes = await exactly(segment.reader, run.from, run.to)
    return run.items.flatMap(bucket => {
      const { from, to } = rangeOf(segment, bucket)
      const pairs = bucketPairs(segment, bucket, bytes.subarray(from - run.from, to - run.from))
      return [...groupsIn(pairs)].filter(({ fingerprint }) => sought.has(fingerprint))
    })
  })
  return found.flat()
}

/** Of these numbers, each once. */
export async function readReplies(
  segment: Segment,
  numbers: Iterable<number>,
): Promise<ReadonlyMap<number, SegmentReply>> {
  const { layout, names } = segment
  const ordered = [...new Set(numbers)].sort((a, b) => a - b)
  const rangeOf = (number: number) => {
    const from = layout.replies + number * replyBytes
    return { from, to: from + replyBytes }
  }
  const read = await inTurns(runsOf(ordered, rangeOf), async run => {
    const bytes = await exactly(segment.reader, run.from, run.to)
    return run.items.map(number => {
      const { from, to } = rangeOf(number)
      return [number, parseReply(bytes.subarray(from - run.from, to - run.from), names)] as const
    })
  })
  return new Map(read.flat())
}

/** All of them, in their order. */
export async function everyReply({
  layout,
  header,
  names,
  reader,
}: Segment): Promise<readonly SegmentReply[]> {
  const bytes = await exactly(reader, layout.replies, layout.pairs)
  return Array.from({ length: header.replies }, (_, i) =>
    parseReply(bytes.subarray(i * replyBytes, (i + 1) * replyBytes), names),
  )
}

/** All pairs as they stand there, ascending, in parts of about a megabyte of whole buckets. */
export async function* everyPair(segment: Segment): AsyncGenerator<DataView> {
  const buckets = segment.starts.length - 1
  for (let first = 0; first < buckets; ) {
    const { from } = rangeOf(segment, first)
    let next = first + 1
    while (next < buckets && rangeOf(segment, next).to - from <= chunkBytes) next++
    const bytes = await exactly(segment.reader, from, rangeOf(segment, next - 1).to)
    for (; first < next; first++) {
      const range = rangeOf(segment, first)
      bucketPairs(segment, first, bytes.subarray(range.from - from, range.to - from))
    }
    if (bytes.length > 0) yield viewOf(bytes)
  }
}

function* groupsIn(pairs: DataView): Generator<Group> {
  const end = pairs.byteLength
  for (let from = 0, to = 0; from < end; from = to) {
    const [high, low] = [pairs.getUint32(from), pairs.getUint32(from + 4)]
    do to += pairBytes
    while (to < end && pairs.getUint32(to) === high && pairs.getUint32(to + 4) === low)
    const size = (to - from) / pairBytes
    yield {
      fingerprint: pairs.getBigUint64(from),
      replies: Array.from({ length: size }, (_, i) => pairs.getUint32(from + i * pairBytes + 8)),
    }
  }
}

/** The bucket's pairs, once they are what was written: in order, in this bucket, of replies that are there. */
function bucketPairs({ header, checksums }: Segment, bucket: number, bytes: Uint8Array): DataView {
  if (checksum(bytes) !== checksums[bucket]) fault(`the checksum of bucket ${bucket} is another`)
  const pairs = viewOf(bytes)
  for (let at = 0; at < bytes.length; at += pairBytes) {
    if (bucketOf(pairs.getUint32(at), header.prefixBits) !== bucket) fault('a pair is in the wrong bucket')
    if (pairs.getUint32(at + 8) >= header.replies) fault('a pair is of a reply that is not there')
    if (at > 0 && !ascends(pairs, at - pairBytes, at)) fault('its pairs do not ascend')
  }
  return pairs
}

function ascends(pairs: DataView, one: number, other: number): boolean {
  for (let i = 0; i < pairBytes; i += 4) {
    const [a, b] = [pairs.getUint32(one + i), pairs.getUint32(other + i)]
    if (a !== b) return a < b
  }
  return false
}

function parseIndex(index: Uint8Array, { prefixBits, pairs }: SegmentHeader) {
  const buckets = 2 ** prefixBits
  const view = viewOf(index)
  const starts = new Uint32Array(buckets + 1)
  const checksums = new Uint32Array(buckets)
  for (let bucket = 0; bucket < buckets; bucket++) {
    starts[bucket] = view.getUint32(bucket * indexEntryBytes)
    checksums[bucket] = view.getUint32(bucket * indexEntryBytes + 4)
  }
  starts[buckets] = pairs
  if (starts[0] !== 0 || starts.some((start, i) => i > 0 && start < (starts[i - 1] as number))) {
    fault('its index does not ascend')
  }
  return { starts, checksums }
}

interface Range {
  readonly from: number
  readonly to: number
}

const pairsIn = ({ starts }: Segment, bucket: number): number =>
  (starts[bucket + 1] as number) - (starts[bucket] as number)

const rangeOf = ({ starts, layout }: Segment, bucket: number): Range => ({
  from: layout.pairs + (starts[bucket] as number) * pairBytes,
  to: layout.pairs + (starts[bucket + 1] as number) * pairBytes,
})

interface Run<Item> extends Range {
  readonly items: readonly Item[]
}

/** Neighbours into one read. `items` in the order of their ranges. */
function runsOf<Item>(items: readonly Item[], rangeOf: (item: Item) => Range): readonly Run<Item>[] {
  const runs: { from: number; to: number; items: Item[] }[] = []
  for (const item of items) {
    const { from, to } = rangeOf(item)
    const last = runs.at(-1)
    if (last && from - last.to <= gapBytes && to - last.from <= chunkBytes) {
      last.to = to
      last.items.push(item)
    } else runs.push({ from, to, items: [item] })
  }
  return runs
}

/** In their order, a few at the same time. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = new Array(items.length)
  const waiting = items.entries()
  const worker = async (): Promise<void> => {
    for (const [i, item] of waiting) results[i] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(together, items.length) }, worker))
  return results
}

async function exactly(reader: RangeReader, from: number, to: number): Promise<Uint8Array> {
  if (from === to) return new Uint8Array()
  const bytes = await reader.get(from, to)
  if (bytes.length !== to - from) fault('it ends too early')
  return bytes
}

const joined = (first: Uint8Array, rest: Uint8Array): Uint8Array => Buffer.concat([first, rest])

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
