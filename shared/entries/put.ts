import { keys } from '../domain/keys.ts'
import { itemAbsent, type Put } from '../ports/store.ts'
import type { Entry } from './entry.ts'

export interface NamedEntry {
  readonly eid: string
  readonly entry: Entry
}

/** Puts an entry once: the put is the acknowledgement that it is in the log. Safe to repeat. */
export const putEntry = ({ eid, entry }: NamedEntry): Put<Entry> => ({
  kind: 'put',
  key: keys.entry(eid),
  item: entry,
  if: itemAbsent,
  ours: { eq: [['digest'], entry.digest] },
})
