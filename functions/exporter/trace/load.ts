/** What of the log a leak is compared with: the entries that it may tell of, as far as whoever asks may see them. */

import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { hourOf } from '../../../shared/domain/time.ts'
import { isEntryId } from '../../../shared/entries/id.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { factsOf } from '../../../shared/leak/facts.ts'
import type { LeakedRow } from '../../../shared/leak/leak.ts'
import { sentenceOf } from '../../../shared/search/sentence.ts'
import type { MarkedTimes } from '../../../shared/watermark/marks.ts'
import { viewOf } from '../../log/entry-view.ts'
import { othersTurn } from '../../others-turn.ts'
import type { ExporterDeps } from '../deps.ts'
import type { Span } from '../entries-back.ts'
import type { Requester } from '../requester.ts'
import { archivedHours, type EntriesDeps, entriesNamed, entriesWithin } from './entries.ts'
import { type Catalogue, createCatalogue } from './match.ts'
import { spansOf } from './spans.ts'

/** Entries that are looked at for one trace. */
const lookedAtMost = 50_000
/** Entries that are looked at before others have their turn. */
const atOnce = 50
/**
 * Hours that are looked into, by times, and in archives by ids: each takes some questions, also where there is nothing in
 * it, and an archive is read whole. Whoever makes up times and ids would have the whole log read otherwise.
 */
const hoursMost = { times: 10_000, archived: 1_000 } as const

export async function loadCatalogue(
  deps: EntriesDeps & Pick<ExporterDeps, 'bounds'>,
  requester: Requester,
  rows: readonly LeakedRow[],
): Promise<Catalogue | Refusal> {
  const eids = [...new Set(rows.flatMap(({ eid }) => (eid !== undefined && isEntryId(eid) ? [eid] : [])))]
  const spans = spansOf(rows)
  const hours = spans.reduce((sum, { from, to }) => sum + hourOf(to) - hourOf(from) + 1, 0)
  if (hours > hoursMost.times || archivedHours(deps, eids) > hoursMost.archived)
    return refuse(
      'trace_too_large',
      'The times and the ids that the leak tells are spread over too many hours.',
    )
  const catalogue = createCatalogue()
  const most = deps.bounds?.traced ?? lookedAtMost
  let looked = 0
  for await (const group of entriesOfLeak(deps, eids, spans)) {
    looked += group.length
    if (looked > most)
      return refuse(
        'trace_too_large',
        `There are more than ${most.toLocaleString('en-US')} entries in the times that the leak tells.`,
      )
    for (const [n, { eid, entry }] of group.entries()) {
      // Reading them need not wait for anything, and an archive may have thousands.
      if (n % atOnce === 0) await othersTurn()
      const sight = viewOf(requester, entry)
      if (sight === undefined) continue
      const { body } = sight
      const facts = factsOf({ eid, body, sentence: sentenceOf(body), index: entry.i ?? null })
      catalogue.add({ eid, times: timesOf(body) }, facts)
    }
  }
  return catalogue
}

async function* entriesOfLeak(
  deps: EntriesDeps,
  eids: readonly string[],
  spans: readonly Span[],
): AsyncGenerator<readonly NamedEntry[]> {
  yield* entriesNamed(deps, eids)
  for (const span of spans) yield* entriesWithin(deps, span)
}

function timesOf({ time, start_time }: Readonly<Record<string, unknown>>): MarkedTimes {
  if (typeof time !== 'number') throw new Error('an entry has no time')
  return { time, ...(typeof start_time === 'number' && { start_time }) }
}
