import { meterRefusal } from '../../shared/domain/decide.ts'
import { lastDigit } from '../../shared/domain/id.ts'
import {
  lastingObstacle,
  type Meter,
  obstacle,
  type Reserved,
  reserve,
  reserved,
} from '../../shared/domain/meter.ts'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import { purgeExpired, type SettlementDeps } from '../settlement.ts'

export interface Reservation {
  readonly meter: Meter
  readonly told: Reserved
}

/**
 * A guess can be wrong about the day once and about the rate once, and a purge takes one more; a revision may change
 * in between, and others may take what was purged. More than this means that something else is wrong.
 */
const maxAttempts = 8

/**
 * Step 5 on one meter. `deadline` (ms since the epoch) lies within the lease's own time, so that no late
 * retry can reserve again after its first lease was purged; time is taken anew for each attempt. A denial
 * that expired leases explain purges as many of them as it needs, so the meter heals without the sweeper.
 */
export async function reserveOn(
  deps: SettlementDeps,
  seen: Meter,
  call: {
    readonly eid: string
    readonly r: number
    readonly deadline: number
    readonly clause: string
  },
  leaseMs: number,
): Promise<Reservation | Refusal> {
  const { store, clock } = deps
  const { eid, r, deadline, clause } = call
  let meter = seen
  // Moving on with every attempt, the rate's time would overtake what others reserve meanwhile, and the guess
  // whether the meter is ahead of it would be wrong each time.
  let rateAt = clock.now()
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const now = clock.now()
    if (now > deadline) break
    const op = reserve(meter, eid, r, now, leaseMs, rateAt)
    if ('code' in op) {
      if (op.code === 'rate_limited' && rateAt < now) {
        rateAt = now
        continue
      }
      if (lastingObstacle(meter, r, now)) return meterRefusal(meter, op, r, clause)
      meter = await purgeExpired(
        deps,
        meter,
        healed => !obstacle(healed, r, now, rateAt),
        lastDigit(eid) / 32,
      )
      continue
    }

    const written = await store.write(op)
    if (written.item === undefined) throw new Error(`the meter ${seen.id} is gone`)
    meter = written.item
    const told = reserved(meter, eid)
    if (!written.ok || !told) continue
    // An answer that came so late may tell of a lease that was purged since: whoever ends the call settles it.
    if (clock.now() > deadline) break
    return { meter, told }
  }
  return refuse('store_unavailable', 'The reservation did not come about in time.', { retryAfter: 1 })
}
