import { indexes, keys } from '../../shared/domain/keys.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import type { Key, Store } from '../../shared/ports/store.ts'

/** The entries of an organisation, in the order of time, but for those `without`. */
export async function entriesOf(
  store: Store,
  organisation: string,
  without: ReadonlySet<string> = new Set(),
): Promise<readonly { eid: string; entry: Entry }[]> {
  const all: { eid: string; entry: Entry }[] = []
  let after: string | undefined
  do {
    const page = await store.query({
      index: indexes.byOrganisation,
      partition: organisation,
      order: 'asc',
      limit: 100,
      ...(after && { after }),
    })
    const wanted = page.keys.filter(({ pk }) => !without.has(pk)) as readonly Key<Entry>[]
    const found = await store.get(wanted)
    wanted.forEach((key, i) => {
      const entry = found[i]
      if (entry) all.push({ eid: key.pk, entry })
    })
    after = page.next
  } while (after)
  return all
}

/** What the entry says in its own words: `kind`, `charge`, `ending`, … */
export const told = (entry: Entry): Record<string, unknown> =>
  (JSON.parse(entry.body) as { unmapped: Record<string, unknown> }).unmapped

export const entry = (eid: string): Key<Entry> => keys.entry(eid)
