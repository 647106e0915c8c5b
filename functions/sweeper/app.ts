/**
 * What time ends: leases that expired, open marks that were lost, intents that nobody will answer. It finds
 * meters through the grants and intents through their sparse index, never by a scan; running twice at once
 * is harmless.
 */
import { indexes, keys } from '../../shared/domain/keys.ts'
import { expiredLeases } from '../../shared/domain/meter.ts'
import type { Grant } from '../../shared/domain/records.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { entryIdFrom, everyOpenShard, outcomeId } from '../../shared/entries/id.ts'
import { pages } from '../pages.ts'
import { closeIntent, purgeExpired, putOutcome, type SettlementDeps } from '../settlement.ts'

/** No call lasts this long: a function lives for 15 minutes at most. */
export const abandonedMs = 16 * 60_000

export interface Swept {
  readonly meters: number
  readonly purged: number
  readonly closed: number
  readonly abandoned: number
}

export async function sweep(deps: SettlementDeps): Promise<Swept> {
  const { meters, purged } = await sweepMeters(deps)
  const { closed, abandoned } = await sweepIntents(deps)
  return { meters, purged, closed, abandoned }
}

async function sweepMeters(deps: SettlementDeps): Promise<{ meters: number; purged: number }> {
  let meters = 0
  let purged = 0
  for await (const batch of pages<Grant>(deps.store, { index: indexes.byRecord, partition: 'grant' })) {
    const ids = new Set((await deps.store.get(batch)).flatMap(grant => grant?.meters ?? []))
    for (const meter of await deps.store.get([...ids].map(keys.meter))) {
      if (meter === undefined) continue
      meters += 1
      const dead = expiredLeases(meter, deps.clock.now()).length
      if (dead === 0) continue
      await purgeExpired(deps, meter)
      purged += dead
    }
  }
  return { meters, purged }
}

async function sweepIntents(deps: SettlementDeps): Promise<{ closed: number; abandoned: number }> {
  let closed = 0
  let abandoned = 0
  for (const shard of everyOpenShard())
    for await (const batch of pages<Entry>(deps.store, { index: indexes.openIntents, partition: shard }))
      for (const { pk: eid } of batch) {
        const done = await sweepIntent(deps, eid)
        if (done === 'closed') closed += 1
        if (done === 'abandoned') abandoned += 1
      }
  return { closed, abandoned }
}

/**
 * An intent with an outcome only lost its mark, once no lease of it is left to settle. One without, and
 * without a lease, that is older than any call can be, came to nothing: it died between intent and reserve.
 */
async function sweepIntent(deps: SettlementDeps, eid: string): Promise<'closed' | 'abandoned' | undefined> {
  const { store, clock } = deps
  const [intent, outcome] = await store.get([keys.entry(eid), keys.entry(outcomeId(eid))])
  if (intent?.open === undefined) return undefined
  const old = eid < entryIdFrom(clock.now() - abandonedMs)
  if (outcome === undefined && !old) return undefined
  const meters = await store.get((intent.meters ?? []).map(keys.meter))
  if (meters.some(meter => meter?.leases[eid])) return undefined
  if (outcome === undefined)
    await putOutcome(deps, eid, intent, { ending: 'abandoned', charge: 0, meters: [] })
  await closeIntent(deps, eid)
  return outcome === undefined ? 'abandoned' : 'closed'
}
