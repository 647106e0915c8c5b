import { keys } from '../../shared/domain/keys.ts'
import { type Meter, type Reserved, settle } from '../../shared/domain/meter.ts'
import { announcedReserve, type OutcomeFacts } from '../../shared/entries/call.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { StoreUnavailable, type WriteOp } from '../../shared/ports/store.ts'
import {
  closeIntent,
  intentClosed,
  outcomePut,
  putOutcome,
  type SettlementDeps,
  settleMeter,
} from '../settlement.ts'

/** A call whose intent is durable: from here on it ends by its outcome, once. */
export interface OpenCall {
  readonly eid: string
  readonly intent: Entry
  /** Every meter of the plan, as last seen; absent where an answer was lost and each may have a reservation. */
  readonly meters?: readonly Meter[]
  readonly told: readonly Reserved[]
}

/** Milliseconds between attempts to write an outcome: an outage of a moment should not cost a reservation. */
export const backOff = [50, 100, 200, 400, 800, 1_600]

/**
 * Steps 7 and 8: the outcome, then the settlement of every meter by the outcome that stands, then the mark.
 * What still fails is told and left to the leases' expiry and the sweeper: the outcome is decided once.
 */
export async function endCall(
  deps: SettlementDeps,
  call: OpenCall,
  outcome: Omit<OutcomeFacts, 'meters'>,
): Promise<void> {
  const { eid, intent, meters, told } = call
  const { clock, telemetry } = deps
  if (outcome.overrun)
    telemetry.alarm('overrun', { entry: eid, charge: outcome.charge, reserved: announcedReserve(intent) })
  for (const pause of [...backOff, undefined]) {
    try {
      if (await endInOrder(deps, call, outcome)) return
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

/**
 * The three steps as one request. False as soon as something is not as it was last seen, another outcome stands or a
 * meter has come to another day: then each step is taken by itself.
 */
async function endInOrder(
  { store, clock }: SettlementDeps,
  { eid, intent, meters, told }: OpenCall,
  outcome: Omit<OutcomeFacts, 'meters'>,
): Promise<boolean> {
  if (meters === undefined) return false
  const settlements = meters.map(meter => settle(meter, eid, outcome.charge))
  if (!settlements.every(op => op !== undefined)) return false
  const put = outcomePut(eid, intent, { ...outcome, meters: told }, clock.now())
  const ops: WriteOp[] = [put, ...settlements, intentClosed(eid)]
  const { written, failure } = await store.writeInOrder(ops)
  if (failure) throw failure
  return written.length === ops.length && written.every(({ ok }) => ok)
}

async function readMeters({ store }: SettlementDeps, { meters = [] }: Entry): Promise<readonly Meter[]> {
  const found = await store.get(meters.map(keys.meter))
  return found.filter(meter => meter !== undefined)
}
