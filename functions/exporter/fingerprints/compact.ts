/**
 * Makes few segments of many: those of a day that is over become one, and those of an epoch that is over as few as can be.
 * The new one is put before the old ones go, and a question that sees both counts a reply once, by its id.
 */
import { hourMs } from '../../../shared/domain/time.ts'
import { mergedBytes, mergeSegments } from '../../../shared/fingerprint/merge-segments.ts'
import { maxSegmentBytes } from '../../../shared/fingerprint/segment-format.ts'
import { startOfEpoch } from '../../../shared/watermark/epoch.ts'
import type { ExporterDeps } from '../deps.ts'
import { attrFolder, listSegments, numbersBelow, type SegmentName, segmentKey } from './names.ts'
import { goneAs, openNamed, putSegment } from './segments.ts'

const hoursOfDay = 24
/** So long after its end a day's last hour has been packed, and whatever looks at a day has looked at it. */
const settledMs = 2 * 24 * hourMs

/** What is merged must fit one: names and index of the result may be a little larger than all of theirs. */
const mergedMost = Math.floor(maxSegmentBytes * 0.98)

/** One merge; how many segments became fewer by it. */
export async function compactOnce(deps: ExporterDeps, most = mergedMost): Promise<number> {
  const { objects, clock, telemetry } = deps
  for (const epoch of await numbersBelow(objects, attrFolder)) {
    const names = await listSegments(objects, epoch)
    const some = toMerge(names, clock.now(), most)
    if (some === undefined) continue
    try {
      return await merge(deps, epoch, some)
    } catch (error) {
      // A damaged one keeps its neighbours from being merged, and no other epoch's.
      telemetry.error('segments of fingerprints were not merged', error, { epoch })
    }
  }
  return 0
}

/** The first that belong together and fit one segment; `undefined` where nothing is to be done. Pure. */
export function toMerge(
  names: readonly SegmentName[],
  now: number,
  most: number,
): readonly SegmentName[] | undefined {
  const [one] = names
  if (one === undefined) return undefined
  const isOver = startOfEpoch(one.epoch + 1) + settledMs <= now
  const days = isOver
    ? [names]
    : [...Map.groupBy(names, ({ first }) => Math.floor(first / hoursOfDay))]
        .filter(([day]) => (day + 1) * hoursOfDay * hourMs + settledMs <= now)
        .map(([, of]) => of)
  return days.map(of => fitting(of, most)).find(some => some !== undefined)
}

/** Neighbours, so that a segment spans as little time as it can. */
function fitting(names: readonly SegmentName[], most: number): readonly SegmentName[] | undefined {
  const ordered = names.toSorted((a, b) => a.first - b.first || a.last - b.last || a.bytes - b.bytes)
  let some: SegmentName[] = []
  let bytes = 0
  for (const one of ordered) {
    if (bytes + one.bytes > most) {
      if (some.length > 1) return some
      some = []
      bytes = 0
    }
    some.push(one)
    bytes += one.bytes
  }
  return some.length > 1 ? some : undefined
}

async function merge(deps: ExporterDeps, epoch: number, some: readonly SegmentName[]): Promise<number> {
  const { objects } = deps
  const segments = await Promise.all(some.map(name => openNamed(objects, name))).catch(goneAs(undefined))
  if (segments === undefined || mergedBytes(segments) > maxSegmentBytes) return 0
  const bytes = await mergeSegments(segments).catch(goneAs(undefined))
  if (bytes === undefined) return 0
  const span = {
    epoch,
    first: Math.min(...some.map(({ first }) => first)),
    last: Math.max(...some.map(({ last }) => last)),
  }
  const merged = segmentKey(await putSegment(deps, span, bytes))
  let fewer = -1
  for (const key of some.map(segmentKey)) {
    // One that held all of the others' replies is what they became.
    if (key === merged) fewer += 1
    else if ((await objects.remove(key)).ok) fewer += 1
  }
  return Math.max(0, fewer)
}
