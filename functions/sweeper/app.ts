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

/** One that cannot be swept is told, and the others are swept all the same. */
export async function sweep(deps: SettlementDeps): Promise<Swept> {
  const swept = { meters: 0, purged: 0, closed: 0, abandoned: 0 }
  const attempt = async (what: Record<string, string>, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      deps.telemetry.error('one item could not be swept', error, what)
    }
  }

  const meters = new Set<string>()
  for await (const batch of pages<Grant>(deps.store, { index: indexes.byRecord, partition: 'grant' }))
    for (const grant of await deps.store.get(batch)) for (const id of grant?.meters ?? []) meters.add(id)
  for (const meter of meters)
    await attempt({ meter }, async () => {
      swept.meters += 1
      swept.purged += await sweepMeter(deps, meter)
    })

  for (const partition of everyOpenShard())
    for await (const batch of pages<Entry>(deps.store, { index: indexes.openIntents, partition }))
      for (const { pk: intent } of batch)
        await attempt({ intent }, async () => {
          const done = await sweepIntent(deps, intent)
          if (done) swept[done] += 1
        })
  return swept
}

async function sweepMeter(deps: SettlementDeps, id: string): Promise<number> {
  const [meter] = await deps.store.get([keys.meter(id)])
  if (meter === undefined) return 0
  const dead = expiredLeases(meter, deps.clock.now()).length
  if (dead > 0) await purgeExpired(deps, meter)
  return dead
}

/**
 * An intent with an outcome only lost its mark, once no lease of it is left to settle. One without, and
 * without a lease, that is older than any call can be, came to nothing: it died between intent and reserve.
 * Its meters are looked at here too: a grant may have come to name others.
 */
async function sweepIntent(deps: SettlementDeps, eid: string): Promise<'closed' | 'abandoned' | undefined> {
  const { store, clock } = deps
  const [intent, outcome] = await store.get([keys.entry(eid), keys.entry(outcomeId(eid))])
  if (intent?.open === undefined) return undefined
  const old = eid < entryIdFrom(clock.now() - abandonedMs)
  if (outcome === undefined && !old) return undefined
  for (const meter of await store.get((intent.meters ?? []).map(keys.meter)))
    if (meter?.leases[eid] && (await purgeExpired(deps, meter)).leases[eid]) return undefined
  if (outcome === undefined)
    await putOutcome(deps, eid, intent, { ending: 'abandoned', charge: 0, meters: [] })
  await closeIntent(deps, eid)
  return outcome === undefined ? 'abandoned' : 'closed'
}
