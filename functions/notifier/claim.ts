/**
 * A notice is claimed before it is sent, so that notifiers that run at once send it once:
 *
 *   due ──claim: attempts + 1, dueAt = now + claimMs──▶ being sent ──mark──▶ done (`due` removed), or due again later
 *                                                          └── the notifier dies ──▶ due again when the claim ends
 *
 * Whoever dies between sending and marking makes it be sent twice, under the same id.
 */
import { keys } from '../../shared/domain/keys.ts'
import type { Notice } from '../../shared/domain/notices.ts'
import type { Change, Condition, Store } from '../../shared/ports/store.ts'

/** Longer than all that is done with a claim: a delivery, and the store's patience before and after it. */
export const claimMs = 30_000

const attemptsAre = (attempts: number | undefined): Condition =>
  attempts === undefined ? { absent: ['attempts'] } : { eq: [['attempts'], attempts] }

/**
 * The notice as claimed, or nothing where another notifier has it. `share` is random, from 0 to 1: it makes the end of
 * the claim its own, by which one whose answer was lost is told from another's of the same millisecond.
 */
export async function claim(
  store: Store,
  seen: Notice,
  now: number,
  share: number,
): Promise<Notice | undefined> {
  const attempts = (seen.attempts ?? 0) + 1
  const dueAt = now + claimMs + share
  const { ok, item } = await store.write({
    kind: 'update',
    key: keys.notice(seen.id),
    change: {
      set: [
        [['attempts'], attempts],
        [['dueAt'], dueAt],
        // The parent of what is marked. What it holds may have grown, so it is never written over.
        ...(seen.delivered ? [] : [[['delivered'], {}] as const]),
      ],
    },
    if: { and: [{ exists: ['due'] }, attemptsAre(seen.attempts)] },
    ours: { and: [{ eq: [['attempts'], attempts] }, { eq: [['dueAt'], dueAt] }] },
  })
  return ok ? item : undefined
}

export interface Marking {
  /** Who took it. */
  readonly taken: readonly string[]
  readonly now: number
  /** When it is tried again; absent: it is done with. */
  readonly again?: number
}

/**
 * Who took it is written in any case; what becomes of it, only while the claim is ours: after it has ended, that is for
 * the notifier that claimed it next.
 */
export async function mark(store: Store, claimed: Notice, { taken, now, again }: Marking): Promise<void> {
  const key = keys.notice(claimed.id)
  const delivered = taken.map(id => [['delivered', id], now] as const)
  const next: Change =
    again === undefined
      ? { set: delivered, remove: [['due'], ['dueAt']] }
      : { set: [...delivered, [['dueAt'], again]] }
  const { ok } = await store.write({
    kind: 'update',
    key,
    change: next,
    if: attemptsAre(claimed.attempts),
  })
  if (!ok && delivered.length > 0)
    await store.write({ kind: 'update', key, change: { set: delivered }, if: { exists: ['delivered'] } })
}
