/**
 * Takes the bodies of a month away, once two organisations have decided so: entries of the table, what commits had
 * staged of it, and sealed archives. Leaves, tiles and checkpoints are not touched. What a preservation order covers, what
 * has no place in the tree and what is locked stays; whatever is taken is taken on the orders as they stand then.
 *
 *   entries ──▶ staged ──▶ archives ──▶ fingerprints, done
 *      ▲                      │ something was kept: again a day later
 *      └──────────────────────┘
 *
 * Fingerprints go last: while a body of the month is kept, they may say whose reply was leaked.
 */
import { type Governed, indexes } from '../../shared/domain/keys.ts'
import {
  type DeletionWork,
  deletableFrom,
  deletionDue,
  type LogDeletion,
} from '../../shared/domain/log-deletions.ts'
import { entryId } from '../../shared/entries/id.ts'
import { monthDeletedEntry } from '../../shared/entries/month-deleted.ts'
import { putEntry } from '../../shared/entries/put.ts'
import type { Update } from '../../shared/ports/store.ts'
import { startOfEpoch } from '../../shared/watermark/epoch.ts'
import { pages } from '../pages.ts'
import { takeEntries } from './delete-entries.ts'
import { takeArchives, takeStaged } from './delete-objects.ts'
import { afterTurn, type Deletion, type Saved, saveTurn, turnOf } from './deletion-turn.ts'
import type { ExporterDeps } from './deps.ts'
import { removeFingerprints } from './fingerprints/remove.ts'
import { readOrders } from './orders.ts'

const dayMs = 86_400_000

/** How many entries and objects were removed. */
export async function deleteMonths(deps: ExporterDeps, until: number): Promise<number> {
  const { store, clock } = deps
  let done = 0
  for await (const batch of pages<Governed<LogDeletion>>(store, {
    index: indexes.byDue,
    partition: deletionDue,
  }))
    for (const deletion of await store.get(batch)) {
      if (deletion?.due === undefined || deletion.work.nextAt > clock.now()) continue
      try {
        done += await workOn(deps, deletion, until)
      } catch (error) {
        // What was begun stands in its record, and is gone on with.
        deps.telemetry.error('a deletion did not come further', error, { month: deletion.id })
      }
      if (clock.now() >= until || deps.stop?.aborted) return done
    }
  return done
}

async function workOn(deps: ExporterDeps, found: Deletion, until: number): Promise<number> {
  judgeYoung(deps, found)
  const before = countOf(found.work)
  let deletion: Deletion = found
  for (;;) {
    const next = await step(deps, deletion)
    if (next === undefined) return countOf(deletion.work) - before
    deletion = next
    const over = deps.clock.now() >= until || deps.stop?.aborted === true
    if (over || deletion.due === undefined || deletion.work.nextAt > deps.clock.now())
      return countOf(deletion.work) - before
  }
}

const countOf = ({ removed }: DeletionWork): number => removed.entries + removed.archives

/** It was decided by the same rule; what a wrong setting or a changed record allows is not done all the same. */
function judgeYoung({ clock, retentionMs }: ExporterDeps, { id, epoch }: LogDeletion): void {
  const span = { begins: startOfEpoch(epoch), ends: startOfEpoch(epoch + 1) }
  if (clock.now() < deletableFrom(span, retentionMs))
    throw new Error(`the bodies of ${id} are younger than everything is kept`)
}

function step(deps: ExporterDeps, deletion: Deletion): Promise<Saved> {
  switch (deletion.work.phase) {
    case 'entries':
      return takeEntries(deps, deletion)
    case 'staged':
      return takeStaged(deps, deletion)
    case 'archives':
      return takeArchives(deps, deletion, () => endPass(deps, deletion))
  }
}

/** What was kept is looked at again; where nothing was, it is over, and the log says so in the same transaction. */
async function endPass(deps: ExporterDeps, deletion: Deletion): Promise<Saved> {
  const { clock, random, store } = deps
  const now = clock.now()
  const { kept } = deletion.work
  const again = (archives: number): Promise<Saved> => {
    const change = { phase: 'entries', nextAt: now + dayMs, kept: { ...kept, archives } } as const
    return saveTurn(deps, deletion, change, ['position'])
  }
  if (kept.entries > 0 || kept.archives > 0) return again(kept.archives)
  const { unchanged } = await readOrders(store)
  const fingerprints = await removeFingerprints(deps, deletion.epoch, unchanged)
  if (fingerprints.overtaken) return deletion
  if (fingerprints.locked > 0) return again(fingerprints.locked)
  const eid = entryId(now, random.bytes(16))
  const ended = { at: now, entry: eid }
  const turn = turnOf(deletion, { ended }, ['position'])
  const done: Update = {
    ...turn,
    change: {
      ...turn.change,
      set: [...(turn.change.set ?? []), [['state'], 'done']],
      remove: [...(turn.change.remove ?? []), ['due']],
    },
  }
  const { ok } = await store.transact([done, putEntry(monthDeletedEntry(eid, now, deletion))])
  if (!ok) return undefined
  const { due: _, ...rest } = afterTurn(deletion, { ended }, ['position'])
  return { ...rest, state: 'done' }
}
