/** What is kept by preservation orders at one moment: whatever is taken away is taken on that, in one transaction. */
import { keys } from '../../shared/domain/keys.ts'
import type { Order } from '../../shared/domain/preservations.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import type { Store, TransactOp } from '../../shared/ports/store.ts'
import { type Covering, coveringOf, covers } from '../../shared/search/covering.ts'
import { searchFacts } from '../../shared/search/facts.ts'
import { isQueryFault } from '../../shared/search/query.ts'

/** What of an entry says whether an order covers it: a line of an archive has it too. */
export type Coverable = Pick<Entry, 'body' | 'organisation' | 'open'>

export interface Orders {
  keeps(eid: string, entry: Coverable): boolean
  /** Holds as long as no order was placed or lifted since. */
  readonly unchanged: TransactOp
}

/** Throws where an order cannot be read: then nothing is taken away. */
export function readCovering(order: Order): Covering {
  const covering = coveringOf(order)
  if (isQueryFault(covering)) throw new Error(`a preservation order is none any more: ${covering.message}`)
  return covering
}

/** Throws where there is no such item: it is there since the first order, or the first deletion. */
export async function readOrders(store: Store): Promise<Orders> {
  const [standing] = await store.get([keys.standingOrders])
  if (standing === undefined) throw new Error('the item of the preservation orders is not there')
  const coverings = Object.values(standing.orders).map(readCovering)
  return {
    keeps: (eid, entry) => coverings.some(covering => isCovered(covering, eid, entry)),
    unchanged: { kind: 'check', key: keys.standingOrders, if: { eq: [['rev'], standing.rev] } },
  }
}

export const isCovered = (covering: Covering, eid: string, entry: Coverable): boolean =>
  covers(covering, searchFacts(eid, JSON.parse(entry.body) as Readonly<Record<string, unknown>>, entry))
