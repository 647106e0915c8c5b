import type { Spent } from '../shared/domain/records.ts'
import { keptBeyond } from '../shared/oauth/spent-id.ts'
import { itemAbsent, type Key, type Put } from '../shared/ports/store.ts'

/**
 * Whether an id was spent while a row of it, had there been one, still stood. `exp` is that of its row in seconds,
 * `now` when the answer came: one that took longer may have found the place empty only because the store had removed
 * the row of the first use. Half of what rows are kept beyond is left for clocks that are apart.
 */
export const inTime = (exp: number, now: number): boolean => now / 1000 < exp - keptBeyond / 2

/**
 * Spends an id once. A row past its expiry counts as absent, since the store removes it late. `now` is the
 * time at which the id was judged to be valid: however long the request has hung since, its own row cannot
 * look expired to it.
 */
export const spend = (key: Key<Spent>, exp: number, request: string, now: number): Put<Spent> => ({
  kind: 'put',
  key,
  item: { by: request, exp },
  if: { or: [itemAbsent, { lt: [['exp'], Math.floor(now / 1000)] }] },
  ours: { eq: [['by'], request] },
})
