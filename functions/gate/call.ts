import { keys } from '../../shared/domain/keys.ts'
import type { Meter, Reserved } from '../../shared/domain/meter.ts'
import { announcedReserve, type OutcomeFacts } from '../../shared/entries/call.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { StoreUnavailable } from '../../shared/ports/store.ts'
import { closeIntent, putOutcome, type SettlementDeps, settleMeter } from '../settlement.ts'

/** A call whose intent is durable: from here on it ends by its outcome, once. */
export interface OpenCall {
  readonly eid: string
  readonly intent: Entry
  /** Every meter of the plan, as last seen; absent where an answer was lost and each may have a reservation. */
  readonly meters?: readonly Meter[]
  readonly told: readonly Reserved[]
}

/** Milliseconds between attempts to write an outcome: an outage of a moment should not cost a reservation. */
const backOff = [50, 100, 200, 400, 800, 1_600]

/**
 * Steps 7 and 8: the outcome, then the settlement of every meter by the outcome that stands, then the mark.
 * What still fails is told and left to the leases' expiry and the sweeper: the outcome is decided once.
 */
export async function endCall(
  deps: SettlementDeps,
  { eid, intent, meters, told }: OpenCall,
  outcome: Omit<OutcomeFacts, 'meters'>,
): Promise<void> {
  const { clock, telemetry } = deps
  if (outcome.overrun)
    telemetry.alarm('overrun', { entry: eid, charge: outcome.charge, reserved: announcedReserve(intent) })
  for (const pause of [...backOff, undefined]) {
    try {
      const decided = await putOutcome(deps, eid, intent, { ...outcome, meters: told })
      const seen = meters ?? (await readMeters(deps, intent))
      await Promise.all(seen.map(meter => settleMeter(deps, meter, eid, decided)))
      return await closeIntent(deps, eid)
    } catch (error) {
      if (pause !== undefined && error instanceof StoreUnavailable) await clock.sleep(pause)
      else return telemetry.error('a call was left to its lease', error, { entry: eid })
    }
  }
}

async function readMeters({ store }: SettlementDeps, { meters = [] }: Entry): Promise<readonly Meter[]> {
  const found = await store.get(meters.map(keys.meter))
  return found.filter(meter => meter !== undefined)
}
