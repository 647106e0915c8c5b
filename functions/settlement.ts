/**
 * How a reservation ends, for whoever ends it: the gate, a purge on denial, the sweeper. Everyone settles by
 * the stored outcome; whoever comes first decides it, and the same charge then goes to every meter.
 */
import { keys } from '../shared/domain/keys.ts'
import { expiredLeases, type Meter, reserved, settle } from '../shared/domain/meter.ts'
import { announcedReserve, type OutcomeFacts, outcomeEntry } from '../shared/entries/call.ts'
import type { Entry } from '../shared/entries/entry.ts'
import { outcomeId } from '../shared/entries/id.ts'
import { itemAbsent, type Store } from '../shared/ports/store.ts'
import type { Clock, Telemetry } from '../shared/ports/world.ts'

export interface SettlementDeps {
  readonly store: Store
  readonly clock: Clock
  readonly telemetry: Telemetry
}

/** Puts the outcome unless one already stands, and answers with the charge of the one that stands. */
export async function putOutcome(
  { store, clock, telemetry }: SettlementDeps,
  eid: string,
  intent: Entry,
  outcome: OutcomeFacts,
): Promise<number> {
  const { entry } = outcomeEntry(eid, intent, outcome, clock.now())
  const written = await store.write({
    kind: 'put',
    key: keys.entry(outcomeId(eid)),
    item: entry,
    if: itemAbsent,
  })
  if (written.ok && outcome.overrun)
    telemetry.alarm('overrun', { entry: eid, charge: outcome.charge, reserved: announcedReserve(intent) })
  const charge = written.item?.charge
  if (charge === undefined) throw new Error(`the outcome of ${eid} carries no charge`)
  return charge
}

/**
 * Settles one meter by the charge of a stored outcome. `seen` may be stale: a wrong guess about the day
 * returns the item, and the next attempt is made from that. With `expirySeen` it is a purge, which leaves a
 * lease alone that was renewed since.
 */
export async function settleMeter(
  { store }: Pick<SettlementDeps, 'store'>,
  seen: Meter,
  eid: string,
  charge: number,
  expirySeen?: number,
): Promise<Meter> {
  let meter = seen
  for (;;) {
    const op = settle(meter, eid, charge, expirySeen)
    if (op === undefined) return meter
    const written = await store.write(op)
    if (written.item === undefined) throw new Error(`the meter ${seen.id} is gone`)
    meter = written.item
    if (written.ok) return meter
    if (expirySeen !== undefined && meter.leases[eid]?.exp !== expirySeen) return meter
  }
}

/** The intent has its outcome and its meters are settled: it leaves the index of open ones. */
export async function closeIntent({ store }: Pick<SettlementDeps, 'store'>, eid: string): Promise<void> {
  await store.write({
    kind: 'update',
    key: keys.entry(eid),
    ours: { absent: ['open'] },
    if: { exists: ['open'] },
    change: { remove: [['open']] },
  })
}

/**
 * Purges what has expired in a meter that was just read: first an outcome with the whole reservation as its
 * charge, where none stands, then the settlement by whatever stands. Answers with the meter after it.
 */
export async function purgeExpired(deps: SettlementDeps, seen: Meter): Promise<Meter> {
  let meter = seen
  for (const [eid, lease] of expiredLeases(seen, deps.clock.now())) {
    const [intent] = await deps.store.get([keys.entry(eid)])
    if (intent === undefined) throw new Error(`a lease of ${seen.id} has no intent: ${eid}`)
    const holding = await deps.store.get((intent.meters ?? []).map(keys.meter))
    const meters = holding.flatMap(one => (one && reserved(one, eid)) ?? [])
    const charge = await putOutcome(deps, eid, intent, { ending: 'estimated', charge: lease.r, meters })
    meter = await settleMeter(deps, meter, eid, charge, lease.exp)
  }
  return meter
}
