/** Replies to make segments and excerpts of. */
import { entryId, outcomeId } from '../../../shared/entries/id.ts'
import type { PendingReply } from '../../../shared/fingerprint/pending.ts'

const begins = Date.UTC(2026, 10, 27)

/** The `n`th of a day, of one of three organisations. */
export const replyOf = (n: number, facts: Partial<PendingReply> = {}): PendingReply => ({
  eid: outcomeId(entryId(begins + n * 10_000, Buffer.alloc(16, n % 256))),
  organisation: `organisation ${n % 3}`,
  agreement: `agreement ${n % 3}`,
  client: `client ${n % 7}`,
  model: 'model',
  words: 750,
  fingerprints: new BigUint64Array(),
  ...facts,
})
