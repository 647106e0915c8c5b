/** Thirty days after an export has ended, what was collected for it goes, and its file: the record of it stays. */
import { type ExportRecord, exportKept, folderOfExport } from '../../shared/domain/exports.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { pages } from '../pages.ts'
import type { ExporterDeps } from './deps.ts'

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

async function overdue({ store, clock }: ExporterDeps): Promise<readonly ExportRecord[]> {
  const found: ExportRecord[] = []
  for await (const batch of pages<ExportRecord>(store, { index: indexes.byDue, partition: exportKept }))
    for (const job of await store.get(batch))
      if (job?.due === exportKept && (job.removeAt ?? job.keptUntil ?? 0) <= clock.now()) found.push(job)
  return found
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
  for (let after: string | undefined; ; ) {
    const { keys: names, next } = await objects.list(folder, after)
    for (const name of names) {
      if (stop?.aborted) throw new Error('the process ends')
      if (!(await objects.remove(name)).ok) whole = false
    }
    if (next === undefined) return whole
    after = next
  }
}
