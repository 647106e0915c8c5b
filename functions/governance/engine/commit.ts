/**
 * Invariant 5: no governance change without its approvals and its record. Every decision goes through here: the writes,
 * the entry, and what the organisations are told, in one transaction.
 */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Person } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { StoreUnavailable, type TransactOp } from '../../../shared/ports/store.ts'
import type { Actor, GovernanceDeps } from './plan.ts'

export interface Commit<T> {
  readonly ops: readonly TransactOp[]
  readonly entry: NamedEntry
  /** Other people whose signatures it rests on, as they were seen: each still is who they were. */
  readonly signers?: readonly Governed<Person>[]
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
    const people = [...(actor ? [actor.person] : []), ...(made.signers ?? [])]
    const ops = [...people.reduce(withPerson, made.ops), putEntry(made.entry)]
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
const still = ({ id, rev }: Governed<Person>): TransactOp => ({
  kind: 'check',
  key: keys.person(id),
  if: { and: [{ eq: [['state'], 'active'] }, { eq: [['rev'], rev] }] },
})

/** An item is named once in a transaction: a change of the decider's own record carries the check itself. */
function withPerson(ops: readonly TransactOp[], person: Governed<Person>): readonly TransactOp[] {
  const check = still(person)
  const at = ops.findIndex(({ key }) => key.table === check.key.table && key.pk === check.key.pk)
  const own = ops[at]
  if (own === undefined || check.if === undefined) return [...ops, check]
  return ops.with(at, { ...own, if: { and: [check.if, ...(own.if ? [own.if] : [])] } })
}

async function acts(store: GovernanceDeps['store'], { person }: Actor): Promise<boolean> {
  const [now] = await store.get([keys.person(person.id)])
  return now?.state === 'active' && now.rev === person.rev
}
