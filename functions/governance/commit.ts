/**
 * Invariant 5: no governance change without its approvals and its record. Every decision goes through here: the writes,
 * the entry, and what the organisations are told, in one transaction.
 */
import { keys } from '../../shared/domain/keys.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { NamedEntry } from '../../shared/entries/put.ts'
import { putEntry } from '../../shared/entries/put.ts'
import { StoreUnavailable, type TransactOp } from '../../shared/ports/store.ts'
import type { Actor, GovernanceDeps } from './plan.ts'

export interface Commit<T> {
  readonly ops: readonly TransactOp[]
  readonly entry: NamedEntry
  /** What is answered once it stands. */
  readonly done: T
}

/** Below what a function has for a request. Milliseconds. */
const patienceMs = 6_000

/**
 * Makes a commit from the records as they stand and puts it into the store, anew whenever a record has changed
 * meanwhile: `make` judges again, so that a race has one outcome. Every attempt carries the same entry id. An answer
 * that was lost, or a condition that failed, is therefore settled by looking for that entry: it stands exactly if the
 * whole transaction does.
 */
export async function commit<T>(
  { store, clock }: Pick<GovernanceDeps, 'store' | 'clock'>,
  eid: string,
  actor: Actor | undefined,
  make: () => Promise<Commit<T> | Refusal>,
): Promise<T | Refusal> {
  const startedAt = clock.now()
  let last: Commit<T> | undefined
  for (let attempt = 1; ; attempt++) {
    const made = await make()
    if (made instanceof Refusal) return (await stands(store, eid)) && last ? last.done : made
    last = made
    const ops = [...withActor(made.ops, actor), putEntry(made.entry)]
    try {
      if ((await store.transact(ops)).ok) return made.done
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      if (clock.now() - startedAt > patienceMs) throw error
    }
    if (await stands(store, eid)) return made.done
    if (actor && !(await acts(store, actor)))
      return refuse('person_suspended', 'Your enrolment or your roles have changed meanwhile.')
    if (clock.now() - startedAt > patienceMs)
      return refuse('store_unavailable', 'The records changed again and again.', { retryAfter: 1 })
    await clock.sleep(Math.min(10 * 2 ** attempt, 250))
  }
}

const stands = async (store: GovernanceDeps['store'], eid: string): Promise<boolean> =>
  (await store.get([keys.entry(eid)]))[0] !== undefined

/** Who decides is still who they were when they were authorised: nobody signs after they were stopped. */
const still = ({ person }: Actor): TransactOp => ({
  kind: 'check',
  key: keys.person(person.id),
  if: { and: [{ eq: [['state'], 'active'] }, { eq: [['rev'], person.rev] }] },
})

/** An item is named once in a transaction: a change of the decider's own record carries the check itself. */
function withActor(ops: readonly TransactOp[], actor: Actor | undefined): readonly TransactOp[] {
  if (actor === undefined) return ops
  const check = still(actor)
  const at = ops.findIndex(({ key }) => key.table === check.key.table && key.pk === check.key.pk)
  const own = ops[at]
  if (own === undefined || check.if === undefined) return [...ops, check]
  return ops.with(at, { ...own, if: { and: [check.if, ...(own.if ? [own.if] : [])] } })
}

async function acts(store: GovernanceDeps['store'], { person }: Actor): Promise<boolean> {
  const [now] = await store.get([keys.person(person.id)])
  return now?.state === 'active' && now.rev === person.rev
}
