import { keys } from '../../shared/domain/keys.ts'
import { dayOf, lastingObstacle, type Meter, reservedNow } from '../../shared/domain/meter.ts'
import type { Client, Organisation } from '../../shared/domain/records.ts'
import { holdable } from '../../shared/domain/standing.ts'
import { time } from '../../shared/domain/time.ts'
import type { Store } from '../../shared/ports/store.ts'
import { type Granted, grantsOf, readHolds } from '../grants.ts'

/** What a grant may spend and has spent: the same meter that the gate enforces, nothing derived from logs. */
export interface Quota {
  readonly model: string
  readonly grant: string
  readonly agreement: string
  readonly meter: string
  /** A budget that other grants are charged to as well. */
  readonly shared: 'pool' | 'agreement' | null
  readonly state: string
  readonly limits: {
    readonly total: number
    readonly per_day: number | null
    readonly rpm: number
    readonly burst: number
    readonly streams: number
  }
  readonly remaining: number
  readonly used: number
  readonly reserved: number
  readonly streams_in_use: number
  readonly day_used: number
  /** What would refuse even a request of one token now, as the gate says it: what stops any call, or a limit. */
  readonly binding: string | null
  /** What the gate would answer any call now, whatever is left. */
  readonly refused: { readonly code: string; readonly detail: string; readonly next: string } | null
  readonly expires_at: string
}

/** What one read takes. */
const batch = 100

/** `client`: the workload that asks. A hold can name it, or what is attested of it; people ask for all clients. */
export async function quotasOf(
  store: Store,
  organisation: Organisation,
  now: number,
  client?: Client,
): Promise<readonly Quota[]> {
  const who = client ? holdable(client) : { organisation: organisation.id }
  const granted = await grantsOf(store, organisation, now, await readHolds(store, who, now))
  const ids = [...new Set(granted.flatMap(({ grant }) => grant.meters))]
  const meters = new Map<string, Meter>()
  for (let i = 0; i < ids.length; i += batch)
    for (const meter of await store.get(ids.slice(i, i + batch).map(keys.meter)))
      if (meter) meters.set(meter.id, meter)
  return granted.flatMap(one =>
    one.grant.meters.flatMap(id => {
      const meter = meters.get(id)
      return meter ? [quota(one, meter, now)] : []
    }),
  )
}

function quota({ grant, model, agreement, refusal }: Granted, meter: Meter, now: number): Quota {
  const { limits, remaining, used } = meter
  return {
    model: model.id,
    grant: grant.id,
    agreement: agreement.id,
    meter: meter.id,
    shared: meter.shared ?? null,
    state: grant.state === 'active' ? meter.state : grant.state,
    limits: {
      total: limits.total,
      per_day: limits.perDay ?? null,
      rpm: limits.rpm,
      burst: limits.burst,
      streams: limits.streams,
    },
    remaining,
    used,
    reserved: reservedNow(meter),
    streams_in_use: Object.keys(meter.leases).length,
    day_used: meter.day === dayOf(now) ? meter.dayUsed : 0,
    binding: refusal?.code ?? lastingObstacle(meter, 1, now)?.code ?? null,
    refused: refusal ? { code: refusal.code, detail: refusal.facts.detail, next: refusal.next } : null,
    expires_at: time(grant.expiresAt),
  }
}
