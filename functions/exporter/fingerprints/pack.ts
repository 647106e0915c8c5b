/**
 * Packs what the gate has left: the replies of an hour become one segment, or several where they are many.
 *
 *   read pending ──▶ put segment ──▶ remove pending
 *
 * A segment's name follows from its replies, so that two exporters, or one that crashed and its successor, put the same one
 * once. A reply that was packed and not removed is found in the hour's segments and only removed; where two packed
 * different halves of an hour at the same moment, a reply stands in both, is one by its id, and is one again once they are
 * merged.
 */

import { hourMs, hourOf } from '../../../shared/domain/time.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import { segmentBytes, segmentInSteps } from '../../../shared/fingerprint/build-segment.ts'
import {
  type PendingReply,
  parsePending,
  pendingPrefix,
  readPendingKey,
} from '../../../shared/fingerprint/pending.ts'
import { keysBelow } from '../../keys-below.ts'
import { othersTurn } from '../../others-turn.ts'
import type { ExporterDeps } from '../deps.ts'
import { listSegments, numbersBelow, pendingFolder } from './names.ts'
import { goneAs, putSegment, repliesOf } from './segments.ts'

/** A call that began in the hour's last second may last for fifteen minutes; what comes later makes another segment. */
const settledMs = 20 * 60_000
/** Of one segment, and so of what is held at once: about a fifth of what a function has, with what is made of it. */
const packedBytes = 32 * 2 ** 20
/** Objects that are asked for, or removed, at the same time. */
const together = 16

/** How many replies were packed. */
export async function packReplies(deps: ExporterDeps, until: number, most = packedBytes): Promise<number> {
  const { objects, clock, stop, telemetry } = deps
  let packed = 0
  for (const epoch of await numbersBelow(objects, pendingFolder))
    for (const hour of await numbersBelow(objects, pendingPrefix(epoch))) {
      if (clock.now() >= until || stop?.aborted) return packed
      if (clock.now() < (hour + 1) * hourMs + settledMs) continue
      try {
        packed += await packHour(deps, { epoch, hour }, { until, most })
      } catch (error) {
        // They wait on; those of other hours are packed all the same.
        telemetry.error('fingerprints of an hour were not packed', error, { epoch, hour })
      }
    }
  return packed
}

interface Hour {
  readonly epoch: number
  readonly hour: number
}

interface Bounded {
  readonly until: number
  readonly most: number
}

async function packHour(deps: ExporterDeps, of: Hour, { until, most }: Bounded): Promise<number> {
  const { objects, clock, stop } = deps
  const known = await packedBefore(deps, of)
  // Another merges them at this moment.
  if (known === undefined) return 0
  let batch = emptyBatch()
  let packed = 0
  for await (const group of inGroups(keysBelow(objects, pendingPrefix(of.epoch, of.hour)))) {
    if (stop?.aborted) return packed
    if (clock.now() >= until) break
    for (const one of await Promise.all(group.map(key => readWaiting(deps, key)))) {
      // Another packs this hour: what it has not removed is left to it.
      if (one === 'gone') return packed
      if (one === 'unreadable') continue
      const { key, reply } = one
      const pairs = batch.pairs + reply.fingerprints.length
      if (batch.replies.length > 0 && segmentBytes(batch.replies.length + 1, pairs) > most) {
        packed += await putBatch(deps, of, batch)
        batch = emptyBatch()
      }
      batch.keys.push(key)
      if (known.has(reply.eid)) continue
      batch.replies.push(reply)
      batch.pairs += reply.fingerprints.length
    }
  }
  return packed + (await putBatch(deps, of, batch))
}

interface Batch {
  readonly replies: PendingReply[]
  /** Of these, and of what only has to be removed. */
  readonly keys: string[]
  pairs: number
}

const emptyBatch = (): Batch => ({ replies: [], keys: [], pairs: 0 })

/** The replies of an hour that stand in a segment already; `undefined` where one has gone meanwhile. */
async function packedBefore(
  { objects }: ExporterDeps,
  { epoch, hour }: Hour,
): Promise<ReadonlySet<string> | undefined> {
  const known = new Set<string>()
  for (const name of await listSegments(objects, epoch)) {
    if (name.first > hour || name.last < hour) continue
    const replies = await repliesOf(objects, name).catch(goneAs(undefined))
    if (replies === undefined) return undefined
    for (const { eid } of replies) if (hourOf(timeOfEntry(eid)) === hour) known.add(eid)
  }
  return known
}

type Waiting = { readonly key: string; readonly reply: PendingReply } | 'gone' | 'unreadable'

async function readWaiting({ objects, telemetry }: ExporterDeps, key: string): Promise<Waiting> {
  const found = await objects.get(key)
  if (found === undefined) return 'gone'
  const reply = parsePending(found.bytes)
  if (reply !== undefined && readPendingKey(key)?.eid === reply.eid) return { key, reply }
  // Nobody of ours wrote it: it stays for people to look at.
  telemetry.error('fingerprints that wait cannot be read', new Error('their bytes are none'), { key })
  return 'unreadable'
}

/** What a lock keeps is looked at again, and found to be packed. */
async function putBatch(
  deps: ExporterDeps,
  { epoch, hour }: Hour,
  { replies, keys }: Batch,
): Promise<number> {
  if (replies.length > 0)
    await putSegment(deps, { epoch, first: hour, last: hour }, await built(epoch, replies))
  for (let n = 0; n < keys.length; n += together)
    await Promise.all(keys.slice(n, n + together).map(key => deps.objects.remove(key)))
  return replies.length
}

async function built(epoch: number, replies: readonly PendingReply[]): Promise<Uint8Array> {
  const steps = segmentInSteps(epoch, replies)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await othersTurn()
  }
}

async function* inGroups(keys: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let group: string[] = []
  for await (const key of keys) {
    group.push(key)
    if (group.length < together) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
