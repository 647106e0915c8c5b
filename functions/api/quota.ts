import { keys } from '../../shared/domain/keys.ts'
import { dayOf, lastingObstacle, type Meter, reservedNow } from '../../shared/domain/meter.ts'
import type { Organisation } from '../../shared/domain/records.ts'
import { time } from '../../shared/domain/time.ts'
import type { Store } from '../../shared/ports/store.ts'
import { type Granted, grantsOf } from '../grants.ts'

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
  /** The limit that would refuse even a request of one token now. */
  readonly binding: string | null
  readonly expires_at: string
}

/** What one read takes. */
const batch = 100

export async function quotasOf(
  store: Store,
  organisation: Organisation,
  now: number,
): Promise<readonly Quota[]> {
  const granted = await grantsOf(store, organisation, now)
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

function quota({ grant, model, agreement }: Granted, meter: Meter, now: number): Quota {
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
    binding: lastingObstacle(meter, 1, now)?.code ?? null,
    expires_at: time(grant.expiresAt),
  }
}
