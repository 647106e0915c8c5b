/** Thirty days after an export has ended, what was collected for it goes, and its file: the record of it stays. */

import { type ExportRecord, exportKept, folderOfExport } from '../../shared/domain/exports.ts'
import { keys } from '../../shared/domain/keys.ts'
import { keysBelow } from '../keys-below.ts'
import type { ExporterDeps } from './deps.ts'
import { dueFor } from './lease.ts'

/** A process looks so often, since most exports are only kept. Milliseconds. */
const lookMs = 3_600_000
/** Behind a try that a lock has stopped, which none of ours can end. */
const lockedMs = 86_400_000

const lookedAt = new WeakMap<ExporterDeps, number>()

/** How many are gone whole. */
export async function expireExports(deps: ExporterDeps, until: number): Promise<number> {
  const { clock, stop } = deps
  const started = clock.now()
  if ((lookedAt.get(deps) ?? Number.NEGATIVE_INFINITY) + lookMs > started) return 0
  let gone = 0
  for (const job of await overdue(deps)) {
    if (clock.now() >= until || stop?.aborted) return gone
    if (await expire(deps, job)) gone += 1
  }
  // One that was broken off, or has failed, is gone on with at once.
  lookedAt.set(deps, started)
  return gone
}

async function overdue(deps: ExporterDeps): Promise<readonly ExportRecord[]> {
  const kept = await dueFor<ExportRecord>(deps, exportKept)
  return kept.filter(({ removeAt, keptUntil = 0 }) => (removeAt ?? keptUntil) <= deps.clock.now())
}

/** Said before anything goes: nobody is given half of a file. Whatever breaks it off, it is done again. */
async function expire(deps: ExporterDeps, { id, state }: ExportRecord): Promise<boolean> {
  const { store, clock } = deps
  const key = keys.export(id)
  const isKept = { eq: [['due'], exportKept] } as const
  if (state !== 'expired')
    await store.write({ kind: 'update', key, change: { set: [[['state'], 'expired']] }, if: isKept })
  const whole = await removeAll(deps, folderOfExport(id))
  await store.write({
    kind: 'update',
    key,
    change: whole ? { remove: [['due'], ['removeAt']] } : { set: [[['removeAt'], clock.now() + lockedMs]] },
    if: isKept,
  })
  return whole
}

/** False where a lock keeps one: the others go. */
async function removeAll({ objects, stop }: ExporterDeps, folder: string): Promise<boolean> {
  let whole = true
  for await (const name of keysBelow(objects, folder)) {
    if (stop?.aborted) throw new Error('the process ends')
    if (!(await objects.remove(name)).ok) whole = false
  }
  return whole
}
