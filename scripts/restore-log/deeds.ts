/** What has to be done with one entry of the tree, by what the table has under its id. Pure. */
import type { Archived } from '../../functions/log/archive.ts'
import { archivedEntry } from '../../functions/log/archived-entry.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { openShard, timeOfEntry } from '../../shared/entries/id.ts'
import { itemAbsent, type WriteOp } from '../../shared/ports/store.ts'

export type Deed =
  | { readonly do: 'nothing' }
  /** The table has let go of it in time, or would at once. */
  | { readonly do: 'leave' }
  | { readonly do: 'put' }
  /** It waits there, and is in the tree already. */
  | { readonly do: 'place' }
  /**
   * Something else waits under its id, made after the table was restored: the outcome of a call, for instance, by whoever
   * found none. The first counts, and stands in the tree.
   */
  | { readonly do: 'replace'; readonly there: Entry }
  | { readonly do: 'refuse'; readonly why: string }

export interface Kept {
  readonly now: number
  readonly retentionMs: number
  /** A preservation order covers it. */
  readonly keeps: (eid: string, entry: Entry) => boolean
}

export function deedOf(line: Archived, there: Entry | undefined, kept: Kept): Deed {
  const { i, eid, body, exact } = line
  if (there === undefined) {
    const over = expiry(line, kept)
    return over !== undefined && over * 1000 <= kept.now ? { do: 'leave' } : { do: 'put' }
  }
  const same = there.body === body && there.exact.time === exact.time && there.exact.start === exact.start
  if (there.i === undefined) return same ? { do: 'place' } : { do: 'replace', there }
  if (there.i !== i)
    return { do: 'refuse', why: `${eid} has place ${there.i} in the table, and ${i} in the tree.` }
  return same
    ? { do: 'nothing' }
    : { do: 'refuse', why: `${eid} says something else in the table than in the tree.` }
}

/** Seconds; `undefined` where it is kept. */
function expiry(line: Archived, { retentionMs, keeps }: Kept): number | undefined {
  if (keeps(line.eid, archivedEntry(line))) return undefined
  return Math.ceil((timeOfEntry(line.eid) + retentionMs) / 1000)
}

/** `open`: it is an intent, and no outcome of it is anywhere. Each is harmless to repeat. */
export function writeOf(line: Archived, deed: Deed, kept: Kept, open: boolean): WriteOp<Entry> | undefined {
  const { i, eid } = line
  const key = keys.entry(eid)
  const exp = expiry(line, kept)
  const ours = { eq: [['i'], i] } as const
  if (deed.do === 'place')
    return {
      kind: 'update',
      key,
      change: {
        set: [[['i'], i], ...(exp === undefined ? [] : [[['exp'], exp] as const])],
        remove: [['pending']],
      },
      if: { absent: ['i'] },
      ours,
    }
  if (deed.do !== 'put' && deed.do !== 'replace') return undefined
  const item: Entry = {
    ...archivedEntry(line),
    ...(open && { open: openShard(eid) }),
    ...(exp !== undefined && { exp }),
  }
  return {
    kind: 'put',
    key,
    item,
    if:
      deed.do === 'put' ? itemAbsent : { and: [{ absent: ['i'] }, { eq: [['digest'], deed.there.digest] }] },
    ours: { and: [ours, { eq: [['digest'], item.digest] }] },
  }
}
