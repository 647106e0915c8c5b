/** Segments as they stand in the bucket. One that another exporter has merged meanwhile is gone: its replies are in another. */
import {
  everyReply,
  openSegment,
  type RangeReader,
  type Segment,
} from '../../../shared/fingerprint/read-segment.ts'
import type { SegmentReply } from '../../../shared/fingerprint/segment-format.ts'
import type { Objects } from '../../../shared/ports/objects.ts'
import type { ExporterDeps } from '../deps.ts'
import { nameOfSegment, type SegmentName, segmentKey } from './names.ts'

/** Whoever meets it looks again: what took its place was put before. */
export class SegmentGone extends Error {
  override readonly name = 'SegmentGone'
}

/** For `catch`: what it is where a segment has gone. */
export const goneAs =
  <T>(value: T) =>
  (error: unknown): T => {
    if (error instanceof SegmentGone) return value
    throw error
  }

export const readerOf = (objects: Pick<Objects, 'get'>, name: SegmentName): RangeReader => {
  const key = segmentKey(name)
  return {
    async get(from, to) {
      const found = await objects.get(key, { from, to })
      if (found === undefined) throw new SegmentGone('a segment is not there any more')
      return found.bytes
    },
  }
}

/** Throws `SegmentGone`, and `SegmentFault` where its bytes are not those of a segment. */
export const openNamed = (objects: Pick<Objects, 'get'>, name: SegmentName): Promise<Segment> =>
  openSegment(readerOf(objects, name))

export const repliesOf = async (
  objects: Pick<Objects, 'get'>,
  name: SegmentName,
): Promise<readonly SegmentReply[]> => everyReply(await openNamed(objects, name))

/** Durable when it resolves; it may have stood there before. */
export async function putSegment(
  { objects }: Pick<ExporterDeps, 'objects'>,
  span: Pick<SegmentName, 'epoch' | 'first' | 'last'>,
  bytes: Uint8Array,
): Promise<SegmentName> {
  const name = nameOfSegment(span, bytes)
  await objects.put(segmentKey(name), bytes, { ifAbsent: true })
  return name
}
