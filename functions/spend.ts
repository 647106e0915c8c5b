import type { Spent } from '../shared/domain/records.ts'
import { itemAbsent, type Key, type Put } from '../shared/ports/store.ts'

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
