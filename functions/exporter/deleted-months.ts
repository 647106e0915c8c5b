/** What of an archive may still be shown: of a month that was deleted, an archive stays whole for what it has to keep. */
import { monthOf } from '../../shared/bundle/manifest.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Archived } from '../log/archive.ts'
import { readOrders } from './orders.ts'

export async function withoutDeleted(
  store: Store,
  epoch: number,
  lines: readonly Archived[],
): Promise<readonly Archived[]> {
  const [deletion] = await store.get([keys.logDeletion(monthOf(epoch))])
  if (deletion === undefined) return lines
  const orders = await readOrders(store)
  return lines.filter(line => orders.keeps(line.eid, line))
}
