/** The meters against the outcomes of all calls: where they differ, the outcomes are right. */
import { pages } from '../functions/pages.ts'
import { closeIntent, type Decided, putOutcome, type SettlementDeps } from '../functions/settlement.ts'
import { indexes, keys } from '../shared/domain/keys.ts'
import { dayOf, type Meter, reserved } from '../shared/domain/meter.ts'
import type { Grant } from '../shared/domain/records.ts'
import { addCall, type Figures, nothing, recount } from '../shared/domain/recount.ts'
import { announcedReserve } from '../shared/entries/call.ts'
import { putEntry } from '../shared/entries/put.ts'
import { recountEntry } from '../shared/entries/recount.ts'
import type { Store } from '../shared/ports/store.ts'
import type { Random } from '../shared/ports/world.ts'
import { type LoggedCall, readOutcomes, startOf, underWay } from './outcomes.ts'

export interface RecountDeps extends SettlementDeps {
  readonly random: Random
}

export interface Order {
  readonly operator: string
  readonly reason?: string | undefined
  /** Only finds out what would be done. */
  readonly dryRun: boolean
}

export interface Changed {
  readonly id: string
  readonly before: Figures
  readonly after: Figures
}

export interface Recounted {
  /** Calls that nobody had ended, with what they are charged. */
  readonly ended: readonly { readonly eid: string; readonly charge: number }[]
  readonly changed: readonly Changed[]
  /** Ids of meters that did not differ. */
  readonly agreeing: readonly string[]
  /** Why a meter could not be recounted. */
  readonly failed: readonly string[]
}

/**
 * Ends the calls that nobody ended and makes every meter agree with the outcomes. Throws, before it changes anything,
 * while a call may be under way. Safe to repeat.
 */
export async function recountMeters(deps: RecountDeps, order: Order): Promise<Recounted> {
  const { store, clock } = deps
  const now = clock.now()
  const owners = await readOwners(store)
  // Before the log: what is reserved while that is read changes a meter as it was seen, and fails its recount.
  const granted = await readMeters(store, owners.keys())
  const held = [...granted.values()].flatMap(({ leases }) => Object.values(leases).map(({ exp }) => exp))
  const until = Math.max(...held)
  if (until > now) throw underWay(until)
  const { counts, open } = await readOutcomes(store, now)
  const named = new Set([...counts.keys(), ...open.flatMap(({ intent }) => intent.meters ?? [])])
  const others = await readMeters(
    store,
    [...named].filter(id => !granted.has(id)),
  )
  const meters = new Map([...granted, ...others])

  const ended: { eid: string; charge: number }[] = []
  for (const call of open) {
    const { charge, meters: told } = await endCall(deps, call, meters, order)
    const { eid, intent } = call
    addCall(counts, { at: startOf(intent), charge, meters: intent.meters ?? [], told }, dayOf(now))
    ended.push({ eid, charge })
  }

  const failed = [...counts]
    .filter(([id]) => !meters.has(id))
    .map(([id, { used }]) => `there is no meter ${id}; its outcomes come to ${used} tokens.`)
  const agreeing: string[] = []
  const changed: Changed[] = []
  for (const [id, meter] of meters) {
    const due = recount(meter, counts.get(id) ?? nothing, now)
    if (due === undefined) {
      agreeing.push(id)
      continue
    }
    const { update, ...figures } = due
    const entry = entryOf(deps, { id, ...figures }, order, owners.get(id))
    if (order.dryRun || (await store.transact([update, putEntry(entry)])).ok) changed.push({ id, ...figures })
    else failed.push(`the meter ${id} was changed meanwhile; is the gate closed?`)
  }
  return { ended, changed, agreeing, failed }
}

/** The model may have been asked: it is charged its whole reservation, unless an outcome has come to stand meanwhile. */
async function endCall(
  deps: RecountDeps,
  { eid, intent }: LoggedCall,
  meters: ReadonlyMap<string, Meter>,
  { dryRun }: Order,
): Promise<Decided> {
  const charge = announcedReserve(intent)
  const told = (intent.meters ?? []).flatMap(id => {
    const meter = meters.get(id)
    return (meter && reserved(meter, eid)) ?? []
  })
  if (dryRun) return { charge, meters: told }
  const decided = await putOutcome(deps, eid, intent, { ending: 'estimated', charge, meters: told })
  await closeIntent(deps, eid)
  return decided
}

function entryOf(
  { clock, random }: RecountDeps,
  { id: meter, before, after }: Changed,
  { operator, reason }: Order,
  owners: ReadonlySet<string> = new Set(),
) {
  const [organisation, ...more] = owners
  return recountEntry({
    now: clock.now(),
    random: random.bytes(16),
    meter,
    before,
    after,
    operator,
    ...(reason && { reason }),
    ...(organisation && more.length === 0 && { organisation }),
  })
}

/** The meters that grants name, each with whose grants they are. */
async function readOwners(store: Store): Promise<Map<string, ReadonlySet<string>>> {
  const owners = new Map<string, Set<string>>()
  for await (const batch of pages<Grant>(store, { index: indexes.byRecord, partition: 'grant' }))
    for (const grant of await store.get(batch))
      for (const id of grant?.meters ?? [])
        if (grant) owners.set(id, (owners.get(id) ?? new Set()).add(grant.organisation))
  return owners
}

/** Those that exist, by their ids. */
async function readMeters(store: Store, ids: Iterable<string>): Promise<Map<string, Meter>> {
  const all = [...ids]
  const meters = new Map<string, Meter>()
  for (let at = 0; at < all.length; at += 100)
    for (const meter of await store.get(all.slice(at, at + 100).map(keys.meter)))
      if (meter) meters.set(meter.id, meter)
  return meters
}
