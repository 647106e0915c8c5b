import { isCovered, readCovering } from '../../functions/exporter/orders.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Kept } from './deeds.ts'

/** What comes back is kept as long as everything is, and where a preservation order covers it, as long as that stands. */
export async function readKept(store: Pick<Store, 'get'>, now: number, retentionMs: number): Promise<Kept> {
  const [standing] = await store.get([keys.standingOrders])
  const coverings = Object.values(standing?.orders ?? {}).map(readCovering)
  return { now, retentionMs, keeps: (eid, entry) => coverings.some(one => isCovered(one, eid, entry)) }
}
