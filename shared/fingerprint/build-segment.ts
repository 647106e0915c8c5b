/** Makes a segment of replies. The same replies, in whatever order, are the same bytes. Pure. */
import type { PendingReply } from './pending.ts'
import {
  bucketOf,
  checksum,
  formatHeader,
  formatNames,
  formatReply,
  indexEntryBytes,
  layoutOf,
  maxSegmentBytes,
  named,
  pairBytes,
  prefixBitsFor,
  replyBytes,
  type SegmentNames,
  type SegmentReply,
} from './segment-format.ts'

type Steps<T> = Generator<undefined, T, undefined>

/** A segment that is being filled with its pairs. */
export interface SegmentFrame {
  readonly prefixBits: number
  /** All bytes; those of the pairs are still zero. */
  readonly bytes: Uint8Array
  /** The part of `bytes` that the pairs come into. */
  readonly pairs: DataView
  /** Puts index and header in front of the pairs, which are in their places. */
  close(): Uint8Array
}

/** By their ids: an intent before its outcome. */
export const inOrder = <R extends { readonly eid: string }>(replies: readonly R[]): readonly R[] =>
  replies.toSorted((a, b) => (a.eid < b.eid ? -1 : a.eid > b.eid ? 1 : 0))

/** How many bytes a segment of so much has, but for its names. */
export const segmentBytes = (replies: number, pairs: number): number =>
  layoutOf({ prefixBits: prefixBitsFor(pairs), namesBytes: 0, replies, pairs }).end

/**
 * Of replies of one epoch. Throws a `RangeError` where they are too many (`segmentBytes`, `maxSegmentBytes`) or one is
 * there twice, and a `TypeError` where an id is none.
 */
export function buildSegment(epoch: number, replies: readonly PendingReply[]): Uint8Array {
  const steps = segmentInSteps(epoch, replies)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** The same, with a pause after some milliseconds each: whoever takes the next step may let others have their turn. */
export function* segmentInSteps(epoch: number, replies: readonly PendingReply[]): Steps<Uint8Array> {
  const ordered = inOrder(replies)
  const frame = frameOf(
    epoch,
    ordered.map(reply => ({ ...reply, fingerprints: reply.fingerprints.length })),
  )
  yield* fill(frame, ordered)
  return frame.close()
}

/** `replies` in their order. */
export function frameOf(epoch: number, replies: readonly SegmentReply[]): SegmentFrame {
  const twice = replies.find(({ eid }, i) => eid === replies[i - 1]?.eid)
  if (twice) throw new RangeError(`${twice.eid} is there twice`)
  const pairs = replies.reduce((sum, { fingerprints }) => sum + fingerprints, 0)
  const names = namesOf(replies)
  const namesPart = formatNames(names)
  const prefixBits = prefixBitsFor(pairs)
  const sizes = { prefixBits, namesBytes: namesPart.length, replies: replies.length, pairs }
  const at = layoutOf(sizes)
  if (at.end > maxSegmentBytes) throw new RangeError(`a segment has at most ${maxSegmentBytes} bytes`)

  const bytes = new Uint8Array(at.end)
  const header = at.index - namesPart.length
  bytes.set(namesPart, header)
  const numbers = named.map(kind => new Map(names[kind].map((name, i) => [name, i])))
  for (const [i, reply] of replies.entries()) {
    const record = formatReply(reply, (kind, name) => numbers[named.indexOf(kind)]?.get(name) as number)
    bytes.set(record, at.replies + i * replyBytes)
  }
  return {
    prefixBits,
    bytes,
    pairs: new DataView(bytes.buffer, at.pairs),
    close() {
      const index = bytes.subarray(at.index, at.replies)
      writeIndex(index, bytes.subarray(at.pairs), prefixBits)
      const sums = { namesChecksum: checksum(namesPart), indexChecksum: checksum(index) }
      bytes.set(formatHeader({ epoch, ...sizes, ...sums }))
      return bytes
    },
  }
}

function namesOf(replies: readonly SegmentReply[]): SegmentNames {
  const all = (kind: (typeof named)[number]): readonly string[] =>
    [...new Set(replies.map(reply => reply[kind]))].sort()
  return {
    organisation: all('organisation'),
    agreement: all('agreement'),
    client: all('client'),
    model: all('model'),
  }
}

function writeIndex(index: Uint8Array, pairs: Uint8Array, prefixBits: number): void {
  const entries = new DataView(index.buffer, index.byteOffset, index.byteLength)
  const view = new DataView(pairs.buffer, pairs.byteOffset, pairs.byteLength)
  let at = 0
  for (let bucket = 0; bucket < 2 ** prefixBits; bucket++) {
    const from = at
    while (at < pairs.length && bucketOf(view.getUint32(at), prefixBits) === bucket) at += pairBytes
    entries.setUint32(bucket * indexEntryBytes, from / pairBytes)
    entries.setUint32(bucket * indexEntryBytes + 4, checksum(pairs.subarray(from, at)))
  }
}

/** Each pair into its bucket, by a count of all; then each bucket by itself, which a processor's cache holds. */
function* fill({ prefixBits, pairs }: SegmentFrame, replies: readonly PendingReply[]): Steps<void> {
  const pause = pauses()
  const count = pairs.byteLength / pairBytes
  const next = new Uint32Array(2 ** prefixBits + 1)
  const bucketAt = (fingerprint: bigint): number => bucketOf(Number(fingerprint >> 32n), prefixBits)
  for (const { fingerprints } of replies) {
    for (const one of fingerprints) {
      const bucket = bucketAt(one) + 1
      next[bucket] = (next[bucket] as number) + 1
    }
    if (pause(fingerprints.length)) yield
  }
  for (let bucket = 1; bucket < next.length; bucket++) {
    next[bucket] = (next[bucket] as number) + (next[bucket - 1] as number)
  }
  const keys = new BigUint64Array(count)
  const owners = new Uint32Array(count)
  for (const [reply, { fingerprints }] of replies.entries()) {
    for (const one of fingerprints) {
      const bucket = bucketAt(one)
      const place = next[bucket] as number
      keys[place] = one
      owners[place] = reply
      next[bucket] = place + 1
    }
    if (pause(fingerprints.length)) yield
  }
  // Now each bucket ends where its next one would begin.
  let from = 0
  for (const end of next.subarray(0, 2 ** prefixBits)) {
    writeSorted(pairs, keys, owners, from, end)
    if (pause(end - from)) yield
    from = end
  }
}

/** Pairs of a step. */
const pairsOfStep = 100_000

/** After so many pairs more, whether a step ends with them. */
function pauses(): (pairs: number) => boolean {
  let done = 0
  return pairs => {
    done += pairs
    if (done < pairsOfStep) return false
    done = 0
    return true
  }
}

function writeSorted(
  pairs: DataView,
  keys: BigUint64Array,
  owners: Uint32Array,
  from: number,
  end: number,
): void {
  const order = Array.from({ length: end - from }, (_, i) => from + i)
  // Replies came in their order, and sorting keeps it among equals.
  order.sort((a, b) => {
    const [one, other] = [keys[a] as bigint, keys[b] as bigint]
    return one < other ? -1 : one > other ? 1 : 0
  })
  for (const [i, place] of order.entries()) {
    pairs.setBigUint64((from + i) * pairBytes, keys[place] as bigint)
    pairs.setUint32((from + i) * pairBytes + 8, owners[place] as number)
  }
}
