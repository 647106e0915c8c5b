/** What a kill leaves of each call: told by the store as the next start will find it. */
import { pages } from '../../functions/pages.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { type Meter, reservedNow } from '../../shared/domain/meter.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { everyOpenShard, outcomeId } from '../../shared/entries/id.ts'
import type { Store } from '../../shared/ports/store.ts'
import { told } from '../world/entries.ts'

/** In the order in which a call goes through them; the last two are a dead call's. */
export const stages = {
  recorded: 'an intent, nothing reserved',
  reserving: 'an intent, reserved on the first of two meters',
  reserved: 'an intent, all reserved',
  decided: 'an outcome, still reserved',
  settled: 'an outcome, settled, the mark still open',
  purging: 'an outcome by a purge, still reserved',
  purged: 'an outcome by a purge, settled, the mark still open',
} as const

export type Stage = keyof typeof stages

export async function metersOf(store: Store, ids: readonly string[]): Promise<readonly Meter[]> {
  const found = await store.get(ids.map(keys.meter))
  return found.map((meter, i) => {
    if (meter === undefined) throw new Error(`no meter ${ids[i]}`)
    return meter
  })
}

/** Every call whose mark is open, by the id of its intent. */
export async function openCalls(store: Store, meters: readonly Meter[]): Promise<ReadonlyMap<string, Stage>> {
  const open = new Map<string, Stage>()
  for (const partition of everyOpenShard())
    for await (const batch of pages<Entry>(store, { index: indexes.openIntents, partition }))
      for (const key of batch) {
        const [intent, outcome] = await store.get([key, keys.entry(outcomeId(key.pk))])
        if (intent) open.set(key.pk, stageOf(key.pk, intent, outcome, meters))
      }
  return open
}

function stageOf(eid: string, intent: Entry, outcome: Entry | undefined, meters: readonly Meter[]): Stage {
  const leases = meters.filter(meter => meter.leases[eid]).length
  if (outcome === undefined) {
    if (leases === 0) return 'recorded'
    return leases === intent.meters?.length ? 'reserved' : 'reserving'
  }
  const purge = ['estimated', 'abandoned'].includes(String(told(outcome).ending))
  if (leases > 0) return purge ? 'purging' : 'decided'
  return purge ? 'purged' : 'settled'
}

/** Tokens by which a meter is off: what remains, is used and is reserved make its total at every moment. */
export const driftOf = (meter: Meter): number =>
  meter.remaining + meter.used + reservedNow(meter) - meter.limits.total
