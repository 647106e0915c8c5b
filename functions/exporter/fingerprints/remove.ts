/**
 * Fingerprints go with their epoch. Its key goes first: without it nobody can say what a fingerprint is of, or look a text
 * up, so that whatever a crash leaves behind is bytes that read as nothing, and the next one finds them by their names.
 */

import { keys } from '../../../shared/domain/keys.ts'
import { deletableFrom } from '../../../shared/domain/log-deletions.ts'
import { pendingPrefix } from '../../../shared/fingerprint/pending.ts'
import { itemAbsent, type TransactOp } from '../../../shared/ports/store.ts'
import { epochAt, startOfEpoch } from '../../../shared/watermark/epoch.ts'
import { keysBelow } from '../../keys-below.ts'
import type { ExporterDeps } from '../deps.ts'
import { readCovering } from '../orders.ts'
import { attrFolder, numbersBelow, pendingFolder, segmentsOf } from './names.ts'

export interface RemovedFingerprints {
  /** What it was taken on stood no more, and nothing was taken. */
  readonly overtaken: boolean
  readonly removed: number
  /** Objects that a lock keeps: bytes without a key. */
  readonly locked: number
}

/** `unchanged` is checked with the removal of the key. */
export async function removeFingerprints(
  { store, objects }: Pick<ExporterDeps, 'store' | 'objects'>,
  epoch: number,
  unchanged: TransactOp,
): Promise<RemovedFingerprints> {
  const { ok } = await store.transact([unchanged, { kind: 'remove', key: keys.attributionKey(epoch) }])
  let [removed, locked] = [0, 0]
  if (!ok) return { overtaken: true, removed, locked }
  for (const folder of [pendingPrefix(epoch), segmentsOf(epoch)])
    for await (const key of keysBelow(objects, folder)) {
      if ((await objects.remove(key)).ok) removed += 1
      else locked += 1
    }
  return { overtaken: false, removed, locked }
}

/** Of those whose objects are gone, some may have their key still: it is asked for so many months back. */
const monthsBack = 12

/** Epochs that are older than everything is kept; how many objects went. */
export async function expireFingerprints(deps: ExporterDeps): Promise<number> {
  const { store, objects, telemetry } = deps
  const young = oldestKept(deps)
  const older = (epoch: number): boolean => epoch < young
  const recent = Array.from({ length: monthsBack }, (_, n) => young - 1 - n)
  const keyed = await store.get(recent.map(keys.attributionKey))
  const found = new Set([
    ...(await numbersBelow(objects, attrFolder)),
    ...(await numbersBelow(objects, pendingFolder)),
    ...recent.filter((_, n) => keyed[n] !== undefined),
  ])
  let gone = 0
  for (const epoch of [...found].filter(older).sort()) {
    const unchanged = await mayGo(deps, epoch)
    if (unchanged === undefined) continue
    const { removed, locked } = await removeFingerprints(deps, epoch, unchanged)
    gone += removed
    if (locked > 0)
      telemetry.error('fingerprints of a month stay', new Error('they are locked, without their key'), {
        epoch,
        locked,
      })
  }
  return gone
}

/** Everything before is older than the log is kept, by the same rule as its bodies. */
function oldestKept({ clock, retentionMs }: ExporterDeps): number {
  const now = clock.now()
  let epoch = epochAt(Math.max(0, now - retentionMs))
  const isOver = (of: number): boolean =>
    now >= deletableFrom({ begins: startOfEpoch(of), ends: startOfEpoch(of + 1) }, retentionMs)
  while (!isOver(epoch - 1)) epoch -= 1
  return epoch
}

/**
 * Not while an order stands whose time reaches into the month: its fingerprints say whose reply a leak is, of whatever the
 * order keeps. Which replies that are is not asked: a segment goes whole or not at all.
 */
async function mayGo({ store }: ExporterDeps, epoch: number): Promise<TransactOp | undefined> {
  const [standing] = await store.get([keys.standingOrders])
  // There since the first order: that none is placed meanwhile, a check of what is absent cannot say.
  if (standing === undefined)
    return { kind: 'put', key: keys.standingOrders, item: { orders: {}, rev: 1 }, if: itemAbsent }
  const [begins, ends] = [startOfEpoch(epoch), startOfEpoch(epoch + 1)]
  const reaches = Object.values(standing.orders)
    .map(readCovering)
    .some(({ from, to }) => from < ends && to >= begins)
  return reaches
    ? undefined
    : { kind: 'check', key: keys.standingOrders, if: { eq: [['rev'], standing.rev] } }
}
