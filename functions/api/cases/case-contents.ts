/** What is in a case, as a reader may see it: notes, and of each entry the sentence that is theirs. */
import { type Case, type CaseEntry, maxCaseEntries } from '../../../shared/domain/cases.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { Key, Store } from '../../../shared/ports/store.ts'
import { showEntries } from '../../log/show.ts'
import { eidsOf } from '../entries.ts'
import { recordRead } from '../log/record-read.ts'
import type { Context } from '../operation.ts'
import { showCaseEntry, showCaseNote } from '../shapes/case.ts'

/** What a read of the store takes. */
const atOnce = 100

export async function readContents(
  asking: Pick<Context, 'deps' | 'caller' | 'request'>,
  { id, notes: written }: Pick<Case, 'id' | 'notes'>,
): Promise<{ readonly entries: readonly object[]; readonly notes: readonly object[] } | Refusal> {
  const { deps } = asking
  const [added, notes] = await Promise.all([
    readAdded(deps.store, id),
    readAll(
      deps.store,
      Array.from({ length: written }, (_, n) => keys.caseNote(id, n + 1)),
    ),
  ])
  const sentences = await sentencesOf(asking, id, eidsOf(added))
  if (sentences instanceof Refusal) return sentences
  return {
    entries: added.map(one => showCaseEntry(one, sentences.get(one.eid))),
    notes: notes.map(showCaseNote),
  }
}

async function sentencesOf(
  asking: Pick<Context, 'deps' | 'caller' | 'request'>,
  id: string,
  eids: readonly string[],
): Promise<ReadonlyMap<string, string> | Refusal> {
  const { deps, caller } = asking
  const sentences = new Map<string, string>()
  for (let from = 0; from < eids.length; from += atOnce) {
    const group = eids.slice(from, from + atOnce)
    const found = await deps.store.get(group.map(keys.entry))
    const named = group.flatMap((eid, n) => {
      const entry = found[n]
      return entry ? [{ eid, entry }] : []
    })
    const shown = await showEntries(deps.log, caller, named)
    if (shown instanceof Refusal) return shown
    for (const { eid, sentence } of shown) sentences.set(eid, sentence)
  }
  // Without an entry nothing of the log is read.
  if (eids.length > 0) await recordRead(asking, { operation: 'case', query: id, eids: [...sentences.keys()] })
  return sentences
}

/** In the order of their ids, which is that of their time. */
async function readAdded(store: Store, id: string): Promise<readonly CaseEntry[]> {
  const all: CaseEntry[] = []
  let after: string | undefined
  do {
    const page = await store.query({
      ...{ index: indexes.byOwner, partition: id, from: 'case_entry#', to: 'case_entry$' },
      ...{ order: 'asc', limit: atOnce },
      ...(after !== undefined && { after }),
    })
    all.push(...(await readAll(store, page.keys as readonly Key<CaseEntry>[])))
    after = page.next
  } while (after !== undefined && all.length < maxCaseEntries)
  return all
}

async function readAll<R extends object>(store: Store, all: readonly Key<R>[]): Promise<readonly R[]> {
  const found: R[] = []
  for (let from = 0; from < all.length; from += atOnce)
    for (const one of await store.get(all.slice(from, from + atOnce))) if (one) found.push(one)
  return found
}
