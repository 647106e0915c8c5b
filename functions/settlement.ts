/**
 * How a reservation ends, for whoever ends it: the gate, a purge on denial, the sweeper. Everyone settles by
 * the stored outcome; whoever comes first decides it, and the same charge then goes to every meter.
 */
import { keys } from '../shared/domain/keys.ts'
import { expiredLeases, type Meter, type Reserved, reserved, settle } from '../shared/domain/meter.ts'
import { type OutcomeFacts, outcomeEntry, reservedMeters } from '../shared/entries/call.ts'
import type { Entry } from '../shared/entries/entry.ts'
import { outcomeId } from '../shared/entries/id.ts'
import { itemAbsent, type Put, type Store, type Update } from '../shared/ports/store.ts'
import type { Clock, Telemetry } from '../shared/ports/world.ts'

export interface SettlementDeps {
  readonly store: Store
  readonly clock: Clock
  readonly telemetry: Telemetry
}

/** What a stored outcome says to the meters: the charge, the same for each, and the lease that each had then. */
export interface Decided {
  readonly charge: number
  readonly meters: readonly Reserved[]
}

/** Only where none stands: of several, the first counts. */
export const outcomePut = (eid: string, intent: Entry, outcome: OutcomeFacts, now: number): Put<Entry> => ({
  kind: 'put',
  key: keys.entry(outcomeId(eid)),
  item: outcomeEntry(eid, intent, outcome, now).entry,
  if: itemAbsent,
})

/** Puts the outcome unless one already stands, and answers with the one that stands. */
export async function putOutcome(
  { store, clock }: SettlementDeps,
  eid: string,
  intent: Entry,
  outcome: OutcomeFacts,
): Promise<Decided> {
  const op = outcomePut(eid, intent, outcome, clock.now())
  const { item } = await store.write(op)
  if (item?.charge === undefined) throw new Error(`the outcome of ${eid} carries no charge`)
  return {
    charge: item.charge,
    meters: item.digest === op.item.digest ? outcome.meters : reservedMeters(item),
  }
}

/**
 * Settles one meter by a stored outcome. `seen` may be stale: a wrong guess about the day returns the item, and the
 * next attempt is made from that. A repeated request to reserve can reach the store long after the call: its lease
 * is another than the outcome tells of, and is given back whole. With `expirySeen` it is a purge, which leaves a
 * lease alone that was renewed since.
 */
export async function settleMeter(
  { store }: Pick<SettlementDeps, 'store'>,
  seen: Meter,
  eid: string,
  { charge, meters }: Decided,
  expirySeen?: number,
): Promise<Meter> {
  const told = meters.find(one => one.meter === seen.id)
  let meter = seen
  for (;;) {
    const again = told !== undefined && told.seq !== meter.seqs[eid]
    const op = settle(meter, eid, again ? 0 : charge, expirySeen)
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
  await store.write(intentClosed(eid))
}

export const intentClosed = (eid: string): Update<Entry> => ({
  kind: 'update',
  key: keys.entry(eid),
  ours: { absent: ['open'] },
  if: { exists: ['open'] },
  change: { remove: [['open']] },
})

/**
 * Purges what has expired in a meter that was just read: first an outcome, where none stands, with the whole
 * reservation as its charge if the model can have been asked; then the settlement by whatever stands. Answers
 * with the meter after it, or after as much of it as is `enough`. Calls that are denied together begin at leases of
 * their own, by a share from 0 to 1, so that none does again what another is doing.
 */
export async function purgeExpired(
  deps: SettlementDeps,
  seen: Meter,
  enough: (meter: Meter) => boolean = () => false,
  share = 0,
): Promise<Meter> {
  let meter = seen
  const expired = expiredLeases(seen, deps.clock.now())
  const first = Math.floor(share * expired.length)
  for (const [eid, lease] of [...expired.slice(first), ...expired.slice(0, first)]) {
    if (enough(meter)) break
    const [intent] = await deps.store.get([keys.entry(eid)])
    if (intent === undefined) throw new Error(`a lease of ${seen.id} has no intent: ${eid}`)
    const plan = intent.meters ?? []
    const holding = await deps.store.get(plan.map(keys.meter))
    const meters = holding.flatMap(one => (one && reserved(one, eid)) ?? [])
    // Without an outcome no lease is ever removed: one that is not there was never taken, the model never asked.
    const asked = meters.length === plan.length
    const outcome = await putOutcome(deps, eid, intent, {
      ending: asked ? 'estimated' : 'abandoned',
      charge: asked ? lease.r : 0,
      meters,
    })
    meter = await settleMeter(deps, meter, eid, outcome, lease.exp)
  }
  return meter
}
