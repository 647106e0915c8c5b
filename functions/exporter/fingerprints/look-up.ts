/**
 * Looks an excerpt up among the replies of an epoch: those that are packed, and those that still wait. Only what the asker
 * may see takes part, so that nothing of others shows through what is counted.
 */

import type { SoughtEpoch } from '../../../shared/fingerprint/attribute.ts'
import {
  parsePending,
  pendingPrefix,
  type ReplyFacts,
  readPendingKey,
} from '../../../shared/fingerprint/pending.ts'
import { everyPair, lookup, readReplies, type Segment } from '../../../shared/fingerprint/read-segment.ts'
import { pairBytes } from '../../../shared/fingerprint/segment-format.ts'
import { formatSet, setDigest } from '../../../shared/fingerprint/set.ts'
import { keysBelow } from '../../keys-below.ts'
import type { ExporterDeps } from '../deps.ts'
import { listSegments } from './names.ts'
import { openNamed } from './segments.ts'

/** Replies that wait: of more than these the rest is left out, and the answer says so. They are packed within two hours. */
const maxWaiting = 20_000
/**
 * Of one partner that had a gram in so many replies, the others do not take part by it: they have a gram of fewer, with
 * which all that they have counts, or are alike.
 */
const repliesOfGram = 200
/** Replies of a segment that are held at once, where a gram is in very many. */
const repliesAtOnce = 20_000
/** Objects that are asked for at the same time. */
const together = 16

export interface Sought {
  readonly epoch: number
  /** Of the excerpt, under this epoch's key. */
  readonly grams: BigUint64Array
  /** By its time, and whether the asker may see it. */
  takesPart(reply: ReplyFacts): boolean | Promise<boolean>
}

export interface LookedUp extends Pick<SoughtEpoch, 'found' | 'pairs'> {
  readonly segments: number
  /** That were looked at; of one that stands twice, each. */
  readonly replies: number
  /** That wait, and were not read. */
  readonly leftOut: number
  /** The digest of a reply's set as it stands in the bucket; `undefined` where it is not there. Throws `SegmentGone`. */
  digestOf(eid: string): Promise<string | undefined>
}

/** Throws `SegmentGone` where one was merged meanwhile: whoever looked looks again. */
export async function lookUp(deps: ExporterDeps, sought: Sought): Promise<LookedUp> {
  const found = createFound()
  // First what waits: it is in a segment before it waits no more.
  const waiting = await lookAtWaiting(deps, sought, found.note)
  let [replies, pairs] = [waiting.replies, waiting.pairs]
  const places = new Map<string, readonly [Segment, number]>()
  const names = await listSegments(deps.objects, sought.epoch)
  for (const name of names) {
    const segment = await openNamed(deps.objects, name)
    replies += segment.header.replies
    pairs += segment.header.pairs
    for (const [eid, number] of await lookInto(segment, sought, found.note))
      places.set(eid, [segment, number])
  }
  return {
    found: [...found.byId.values()],
    pairs,
    segments: names.length,
    replies,
    leftOut: waiting.leftOut,
    async digestOf(eid) {
      const place = places.get(eid)
      return place ? digestInSegment(...place) : waiting.digests.get(eid)
    },
  }
}

/** Whether it takes part. */
type Note = (grams: readonly bigint[], reply: ReplyFacts) => boolean

function createFound() {
  const byId = new Map<string, { readonly facts: ReplyFacts; readonly grams: Set<bigint> }>()
  const counts = new Map<bigint, Map<string, number>>()
  const note: Note = (grams, reply) => {
    const countOf = (gram: bigint): number => counts.get(gram)?.get(reply.organisation) ?? 0
    const known = byId.get(reply.eid)
    if (known === undefined && grams.every(gram => countOf(gram) >= repliesOfGram)) return false
    const there = known ?? { facts: reply, grams: new Set() }
    byId.set(reply.eid, there)
    for (const gram of grams) {
      // Of a reply that stands twice, each gram is one.
      if (there.grams.has(gram)) continue
      there.grams.add(gram)
      const partners = counts.get(gram) ?? new Map<string, number>()
      counts.set(gram, partners.set(reply.organisation, countOf(gram) + 1))
    }
    return true
  }
  return { byId, note }
}

/** Where those stand that were seen. */
async function lookInto(
  segment: Segment,
  { grams, takesPart }: Sought,
  note: Note,
): Promise<ReadonlyMap<string, number>> {
  const groups = (await lookup(segment, grams)).map(group => ({ ...group, at: 0 }))
  const places = new Map<string, number>()
  for (let end = repliesAtOnce; end < segment.header.replies + repliesAtOnce; end += repliesAtOnce) {
    const having = new Map<number, bigint[]>()
    for (const group of groups)
      for (let n = group.replies[group.at]; n !== undefined && n < end; n = group.replies[++group.at]) {
        const others = having.get(n)
        if (others) others.push(group.fingerprint)
        else having.set(n, [group.fingerprint])
      }
    for (const [number, { fingerprints: _, ...reply }] of await readReplies(segment, having.keys()))
      if ((await takesPart(reply)) && note(having.get(number) ?? [], reply)) places.set(reply.eid, number)
  }
  return places
}

interface Waiting {
  readonly replies: number
  readonly pairs: number
  readonly leftOut: number
  readonly digests: ReadonlyMap<string, string>
}

async function lookAtWaiting(
  { objects }: ExporterDeps,
  { epoch, grams, takesPart }: Sought,
  note: Note,
): Promise<Waiting> {
  const each = new Set(grams)
  const digests = new Map<string, string>()
  const keys: string[] = []
  let [pairs, leftOut] = [0, 0]
  for await (const key of keysBelow(objects, pendingPrefix(epoch)))
    if (keys.length < maxWaiting) keys.push(key)
    else leftOut += 1
  const look = async (key: string): Promise<void> => {
    const stored = await objects.get(key)
    // It may be packed by now: then it is in a segment.
    const waiting = stored && parsePending(stored.bytes)
    if (waiting === undefined || readPendingKey(key)?.eid !== waiting.eid) return
    const { fingerprints, ...reply } = waiting
    pairs += fingerprints.length
    const shared = [...fingerprints].filter(one => each.has(one))
    if (shared.length === 0 || !(await takesPart(reply))) return
    if (note(shared, reply)) digests.set(reply.eid, setDigest(formatSet(fingerprints)))
  }
  for (let n = 0; n < keys.length; n += together) await Promise.all(keys.slice(n, n + together).map(look))
  return { replies: keys.length, pairs, leftOut, digests }
}

/** Its whole segment is read: pairs stand in the order of fingerprints. */
async function digestInSegment(segment: Segment, number: number): Promise<string> {
  const own: bigint[] = []
  for await (const pairs of everyPair(segment))
    for (let at = 0; at < pairs.byteLength; at += pairBytes)
      if (pairs.getUint32(at + 8) === number) own.push(pairs.getBigUint64(at))
  return setDigest(formatSet(BigUint64Array.from(own)))
}
