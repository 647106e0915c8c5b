/** Entries from a moment back to another, month by month, as far as the log goes back. */
import { keys } from '../../shared/domain/keys.ts'
import { timeOfEntry } from '../../shared/entries/id.ts'
import type { NamedEntry } from '../../shared/entries/put.ts'
import type { Store } from '../../shared/ports/store.ts'
import { type Covering, planOfPart } from '../../shared/search/covering.ts'
import { isQueryFault } from '../../shared/search/query.ts'
import { epochAt, startOfEpoch } from '../../shared/watermark/epoch.ts'
import { walk } from '../log/walk.ts'

/** Twenty years: no log is older. */
const monthsBack = 240
const monthsAtOnce = 100

/** Milliseconds; both belong to it. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** In groups, the newest first. `before`: the entry that an earlier walk of the same span ended with. */
export async function* entriesBack(
  store: Store,
  covering: Covering,
  { from, to }: Span,
  before?: string,
): AsyncGenerator<readonly NamedEntry[]> {
  const latest = before === undefined ? to : Math.min(to, timeOfEntry(before))
  for (const epoch of await months(store, { from, to: latest })) {
    const part = {
      from: Math.max(from, startOfEpoch(epoch)),
      to: Math.min(to, startOfEpoch(epoch + 1) - 1),
    }
    const plan = planOfPart(covering, part)
    if (isQueryFault(plan)) throw new Error(`a preservation order cannot be walked: ${plan.message}`)
    const inside = before !== undefined && epochAt(timeOfEntry(before)) === epoch
    yield* walk(store, plan, inside ? before : undefined)
  }
}

/** Those of which there is an entry. The latest may have none with a place yet. */
async function months(store: Store, { from, to }: Span): Promise<readonly number[]> {
  const last = epochAt(to)
  const first = Math.max(epochAt(from), last - monthsBack)
  const all = Array.from({ length: Math.max(0, last - first + 1) }, (_, back) => last - back)
  const begun: number[] = []
  for (let at = 0; at < all.length; at += monthsAtOnce) {
    const some = all.slice(at, at + monthsAtOnce)
    const found = await store.get(some.map(keys.logEpoch))
    begun.push(...some.filter((epoch, n) => found[n] !== undefined || epoch >= last - 1))
  }
  return begun
}
