/** The deletion of a month's bodies. Leaves, tiles and checkpoints stay, so that what was proved is proved still. */
import type { Reason, Signature } from './stop.ts'

export interface LogDeletion {
  /** `2026-01`: also its id. */
  readonly id: string
  /** The number of that month (`epochAt`). */
  readonly epoch: number
  readonly state: 'deleting' | 'done'
  readonly reason: Reason
  readonly signatures: readonly Signature[]
  readonly entry: string
  readonly at: number
  readonly work: DeletionWork
  readonly due?: typeof deletionDue
}

export const deletionDue = 'delete'

export interface DeletionWork {
  readonly turn: number
  /** Not before; milliseconds. */
  readonly nextAt: number
  readonly phase: 'entries' | 'archives' | 'staged'
  /** The last entry, or the last object, that was looked at. */
  readonly position?: string
  /** Objects that are being removed: what was placed after this was written came too late for them. */
  readonly taking?: readonly string[]
  /** Between which places of the tree its archives stand, or stood: what commits had staged of them is found by that. */
  readonly places?: { readonly first: number; readonly last: number }
  /** Of this pass. */
  readonly kept: DeletionCount
  /** Of all passes. */
  readonly removed: DeletionCount
  /** The entry that tells that it is done, and when. */
  readonly ended?: { readonly at: number; readonly entry: string }
}

export interface DeletionCount {
  readonly entries: number
  readonly archives: number
}

export const nothingCounted: DeletionCount = { entries: 0, archives: 0 }

const shape = /^(\d{4})-(0[1-9]|1[0-2])$/

/** The number of a month, as the log counts them; `undefined` where this is none. */
export function epochOfMonth(text: string): number | undefined {
  const [, year, month] = shape.exec(text) ?? []
  return month === undefined ? undefined : Number(year) * 12 + Number(month) - 1
}

const dayMs = 86_400_000
/** Entries get their places later than they are made, and clocks differ. */
const spareMs = 2 * dayMs

/**
 * When the bodies of a month may be deleted: once its youngest entry is older than everything is kept at least. It is
 * never this month's or the last one's, however short that is.
 */
export function deletableFrom(
  { begins, ends }: { readonly begins: number; readonly ends: number },
  retentionMs: number,
): number {
  const afterNext = new Date(begins)
  const twoLater = Date.UTC(afterNext.getUTCFullYear(), afterNext.getUTCMonth() + 2)
  return Math.max(ends + retentionMs + spareMs, twoLater)
}
