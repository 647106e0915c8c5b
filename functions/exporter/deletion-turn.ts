/** A step of a deletion is saved on the turn that it was made on: of several exporters one goes on, and counts. */
import { type Governed, keys } from '../../shared/domain/keys.ts'
import type { DeletionWork, LogDeletion } from '../../shared/domain/log-deletions.ts'
import type { Path, TransactOp, Update } from '../../shared/ports/store.ts'
import type { ExporterDeps } from './deps.ts'

export type Deletion = Governed<LogDeletion>

/** A step that was saved, or `undefined` where another exporter was faster. */
export type Saved = Deletion | undefined

/** All that a step changes of the record, on the turn that it was made on. */
export function turnOf(
  { id, work }: Deletion,
  change: Partial<DeletionWork>,
  remove: readonly ('position' | 'taking')[] = [],
): Update<Deletion> {
  const set = Object.entries(change).map(([name, value]) => [['work', name] as Path, value] as const)
  return {
    kind: 'update',
    key: keys.logDeletion(id),
    if: { eq: [['work', 'turn'], work.turn] },
    change: {
      set,
      add: [[['work', 'turn'], 1]],
      ...(remove.length > 0 && { remove: remove.map((name): Path => ['work', name]) }),
    },
  }
}

/** The record as it stands after a transaction with `turnOf`. */
export const afterTurn = (
  deletion: Deletion,
  change: Partial<DeletionWork>,
  remove: readonly ('position' | 'taking')[] = [],
): Deletion => {
  const { work } = deletion
  const kept = Object.fromEntries(
    Object.entries(work).filter(([name]) => !remove.some(one => one === name)),
  ) as unknown as DeletionWork
  return { ...deletion, work: { ...kept, ...change, turn: work.turn + 1 } }
}

/** Writes a step; `also` in the same transaction. */
export async function saveTurn(
  { store }: Pick<ExporterDeps, 'store'>,
  deletion: Deletion,
  change: Partial<DeletionWork>,
  remove: readonly ('position' | 'taking')[] = [],
  also: readonly TransactOp[] = [],
): Promise<Saved> {
  const { ok } = await store.transact([turnOf(deletion, change, remove), ...also])
  return ok ? afterTurn(deletion, change, remove) : undefined
}
