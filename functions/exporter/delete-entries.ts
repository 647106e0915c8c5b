/** Entries of the table: removed group by group, each group on the orders that were read for it. */
import { keys } from '../../shared/domain/keys.ts'
import { type DeletionWork, nothingCounted } from '../../shared/domain/log-deletions.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { everyDayShard } from '../../shared/entries/id.ts'
import type { NamedEntry } from '../../shared/entries/put.ts'
import { itemAbsent, type Remove } from '../../shared/ports/store.ts'
import type { Plan } from '../../shared/search/plan.ts'
import { startOfEpoch } from '../../shared/watermark/epoch.ts'
import { walk } from '../log/walk.ts'
import { afterTurn, type Deletion, type Saved, turnOf } from './deletion-turn.ts'
import type { ExporterDeps } from './deps.ts'
import { readOrders } from './orders.ts'

const dayMs = 86_400_000
/** Beside the check of the orders and the turn, in one transaction. */
const removedAtOnce = 90

/** One group further; at the end of the month the next phase. */
export async function takeEntries(deps: ExporterDeps, deletion: Deletion): Promise<Saved> {
  const { position } = deletion.work
  for await (const group of walk(deps.store, monthPlan(deletion.epoch), position))
    return takeGroup(deps, deletion, group.slice(0, removedAtOnce))
  const change: Partial<DeletionWork> = { phase: 'staged', kept: keptSoFar(deletion.work) }
  const { ok } = await deps.store.transact([turnOf(deletion, change, ['position'])])
  return ok ? afterTurn(deletion, change, ['position']) : undefined
}

/** In this pass: where one begins, what the pass before has kept counts no more. */
const keptSoFar = ({ position, kept }: DeletionWork): DeletionWork['kept'] =>
  position === undefined ? nothingCounted : kept

/** By the time that ids tell: an outcome goes with its intent. */
function monthPlan(epoch: number): Plan {
  const from = startOfEpoch(epoch)
  const to = startOfEpoch(epoch + 1) - 1
  const days = Array.from({ length: Math.ceil((to - from) / dayMs) }, (_, back) => to - back * dayMs)
  return {
    index: 'by_day',
    why: 'nothing_narrower',
    partitions: days.flatMap(everyDayShard),
    ...{ from, to, range: 'asked', order: 'desc', filter: [], skips: [] },
  }
}

async function takeGroup(
  deps: ExporterDeps,
  deletion: Deletion,
  group: readonly NamedEntry[],
): Promise<Saved> {
  const { store } = deps
  const orders = await readOrders(store)
  const { work } = deletion
  const last = group.at(-1)?.eid
  const stays = group.filter(({ eid, entry }) => entry.i === undefined || orders.keeps(eid, entry))
  const goes = group.filter(one => !stays.includes(one) && !isCommitment(one.entry))
  const kept = keptSoFar(work)
  const change: Partial<DeletionWork> = {
    ...(last !== undefined && { position: last }),
    kept: { ...kept, entries: kept.entries + stays.length },
    removed: { ...work.removed, entries: work.removed.entries + goes.length },
  }
  const { ok } = await store.transact([
    orders.unchanged,
    turnOf(deletion, change),
    ...goes.map(({ eid }) => removal(eid)),
  ])
  if (ok) return afterTurn(deletion, change)
  const [now] = await store.get([keys.logDeletion(deletion.id)])
  // Orders have changed, or an entry: the same group is judged anew. Otherwise another exporter is at it.
  return now?.work.turn === work.turn ? deletion : undefined
}

/**
 * What the key of a month is committed to by is about nobody. Were it gone while an entry of that month still waits for its
 * place, the sequencer would put it once more, into a second place.
 */
const isCommitment = ({ body }: Entry): boolean =>
  (JSON.parse(body) as { readonly unmapped?: { readonly kind?: string } }).unmapped?.kind ===
  'epoch_commitment'

/** Never without its place in the tree: what only waits for it would be lost to the log. */
const removal = (eid: string): Remove<Entry> => ({
  kind: 'remove',
  key: keys.entry(eid),
  if: { or: [itemAbsent, { exists: ['i'] }] },
})
