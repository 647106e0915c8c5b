/**
 * The decisions that a restored registry has forgotten: they stand in the log, and the records are older. A decision
 * names the version of the record that it was made on, so that a record which is not beyond that version lacks it.
 */
import { type Decision, readDecision } from '../functions/governance/engine/decided.ts'
import { pages } from '../functions/pages.ts'
import { type Governed, indexes, keys, type RecordKind } from '../shared/domain/keys.ts'
import { everyone, type Organisation } from '../shared/domain/parties.ts'
import { takesAway } from '../shared/domain/who-decides.ts'
import type { Entry } from '../shared/entries/entry.ts'
import { entryIdFrom } from '../shared/entries/id.ts'
import type { Key, Store } from '../shared/ports/store.ts'

export interface Logged {
  readonly eid: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly decision: Decision
}

export interface Lost extends Logged {
  /** It took something away and is applied again by the script; the rest gave something, and people decide anew. */
  readonly restricts: boolean
  /** Done again since the restore. */
  readonly again: boolean
}

/** What begins and ends the look through a restored registry, by a mark in the parameters. */
export const isRestore = ({ params }: Decision): boolean => params.restore === true

/** Every decision that was logged since `from`, in the order of time. */
export async function readLog(store: Store, from: number): Promise<readonly Logged[]> {
  const found = new Map<string, Logged>()
  const done = new Set<string>()
  const open = new Set<string>([everyone, ...(await organisationsOf(store))])
  // An organisation that the registry has forgotten is known by the entries of those that decided about it.
  for (const partition of open) {
    if (done.has(partition)) continue
    done.add(partition)
    for (const index of [indexes.byOrganisation, indexes.byActor])
      for await (const batch of pages<Entry>(store, { index, partition, from: entryIdFrom(from) })) {
        const fresh = batch.filter(({ pk }) => !found.has(pk) && !pk.endsWith('.outcome'))
        if (fresh.length === 0) continue
        const entries = await store.get(fresh)
        for (const [i, { pk }] of fresh.entries()) {
          const logged = loggedIn(pk, entries[i])
          if (logged === undefined || logged.at < from) continue
          found.set(pk, logged)
          open.add(logged.decision.subject.organisation)
          if (logged.decision.by) open.add(logged.decision.by.organisation)
        }
      }
  }
  return [...found.values()].sort(
    (a, b) => a.at - b.at || a.decision.subject.rev - b.decision.subject.rev || (a.eid < b.eid ? -1 : 1),
  )
}

function loggedIn(eid: string, entry: Entry | undefined): Logged | undefined {
  const decision = entry && readDecision(entry)
  return decision && { eid, at: Number(entry.exact.time) / 1000, decision }
}

async function organisationsOf(store: Store): Promise<readonly string[]> {
  const found: string[] = []
  const query = { index: indexes.byRecord, partition: 'organisation' }
  for await (const batch of pages<Governed<Organisation>>(store, query))
    for (const one of await store.get(batch)) if (one) found.push(one.id)
  return found
}

/** What of the log the registry lacks. `log` is in the order of time. */
export async function lostOf(store: Store, log: readonly Logged[]): Promise<readonly Lost[]> {
  const restoredAt = log.findLast(({ decision }) => isRestore(decision) && decision.action === 'hold.place')
  const since = restoredAt ? log.slice(log.indexOf(restoredAt)) : []
  const before = restoredAt ? log.slice(0, log.indexOf(restoredAt)) : log
  const times = new Map(log.map(({ eid, at }) => [eid, at]))
  const lost: Lost[] = []
  for (const one of before) {
    const { decision } = one
    if (isRestore(decision) || byItself(decision)) continue
    const lacks =
      decision.step === 'applied'
        ? await lacksIt(store, one, since)
        : await lacksStep(store, one, since, times)
    if (lacks) lost.push({ ...one, restricts: restricts(decision), again: isAgain(one, since) })
  }
  return lost
}

/** Time does it again: the sweeper finds it due. */
const byItself = ({ step, by, action }: Decision): boolean =>
  ['timed_out', 'stale', 'missed', 'lapsed'].includes(step) ||
  (step === 'applied' && by === undefined && action !== 'hold.place')

async function lacksIt(store: Store, { decision }: Logged, since: readonly Logged[]): Promise<boolean> {
  // It raises no version, so that nobody can tell; and whoever has webhooks sees which there are.
  if (decision.action === 'organisation.webhooks') return false
  const key = keyOf(decision.subject)
  const [record] = key ? await store.get([key]) : []
  const changes = since.filter(
    ({ decision: later }) => later.step === 'applied' && isOf(later, decision.subject),
  )
  // What was decided since the restore has raised the version: the restored one is that which the first of it saw.
  const restored = Math.min(record?.rev ?? 0, ...changes.map(({ decision: later }) => later.subject.rev))
  return decision.subject.rev >= restored
}

/** Of a step that changes only a proposal, or a mark on a stop. */
async function lacksStep(
  store: Store,
  { eid, at, decision }: Logged,
  since: readonly Logged[],
  times: ReadonlyMap<string, number>,
): Promise<boolean> {
  const { proposal, subject } = decision
  if (proposal !== undefined) {
    const [found] = await store.get([keys.proposal(proposal)])
    if (found === undefined) return true
    if (found.entry === eid || since.some(one => one.decision.proposal === proposal)) return false
    // By their times: ids within one step of their grid have no order.
    return (times.get(found.entry) ?? 0) <= at
  }
  if (subject.rev > 0) return lacksIt(store, { eid, at, decision }, since)
  // What made a record beside it, as an appeal does.
  const key = keyOf(subject)
  return key !== undefined && (await store.get([key]))[0] === undefined
}

const isOf = (one: Decision, { kind, id }: Pick<Decision['subject'], 'kind' | 'id'>): boolean =>
  one.subject.kind === kind && one.subject.id === id

const isAgain = ({ eid, decision }: Logged, since: readonly Logged[]): boolean =>
  since.some(
    ({ decision: later }) =>
      later.params.replays === eid ||
      (later.params.replays === undefined &&
        later.step === decision.step &&
        later.action === decision.action &&
        isOf(later, decision.subject)),
  )

export function restricts({ step, action, difference }: Decision): boolean {
  if (step === 'declined' || step === 'withdrawn') return true
  if (step !== 'applied') return false
  return takesAway(action) || (action === 'person.roles' && takesRolesAway(difference))
}

function takesRolesAway(difference: Decision['difference']): boolean {
  const roles = difference.find(({ field }) => field === 'roles')
  if (!Array.isArray(roles?.from) || !Array.isArray(roles.to)) return false
  const { from, to } = roles as { from: readonly unknown[]; to: readonly unknown[] }
  return to.every(role => from.includes(role))
}

/** Where the record of a kind stands; `undefined` for a kind without versions. */
export function keyOf({
  kind,
  id,
}: {
  readonly kind: RecordKind
  readonly id: string
}): Key<Governed<object>> | undefined {
  switch (kind) {
    case 'model':
    case 'organisation':
    case 'person':
    case 'client':
    case 'agreement':
    case 'grant':
    case 'proposal':
    case 'hold':
    case 'appeal':
      return keys[kind](id)
    default:
      return undefined
  }
}
