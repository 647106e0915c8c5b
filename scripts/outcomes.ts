/** What the calls in the log come to. */
import { pages } from '../functions/pages.ts'
import { abandonedMs } from '../functions/sweeper/app.ts'
import { indexes, keys } from '../shared/domain/keys.ts'
import { dayOf } from '../shared/domain/meter.ts'
import type { Organisation } from '../shared/domain/records.ts'
import { addCall, type Count } from '../shared/domain/recount.ts'
import { time } from '../shared/domain/time.ts'
import { reservedMeters } from '../shared/entries/call.ts'
import type { Entry } from '../shared/entries/entry.ts'
import { outcomeId } from '../shared/entries/id.ts'
import type { Store } from '../shared/ports/store.ts'

export interface Outcomes {
  /** By the meters' ids. */
  readonly counts: Map<string, Count>
  /** Calls without an outcome, too old to be under way. */
  readonly open: readonly LoggedCall[]
}

export interface LoggedCall {
  readonly eid: string
  readonly intent: Entry
}

/** Reads the whole log, a page at a time. Throws while a call may be under way, and says until when. */
export async function readOutcomes(store: Store, now: number): Promise<Outcomes> {
  const counts = new Map<string, Count>()
  const open: LoggedCall[] = []
  let ready = 0
  for await (const { eid, intent, outcome } of readCalls(store)) {
    if (outcome?.charge === undefined) {
      open.push({ eid, intent })
      ready = Math.max(ready, startOf(intent) + abandonedMs)
      continue
    }
    const facts = { at: startOf(intent), charge: outcome.charge, meters: intent.meters ?? [] }
    addCall(counts, { ...facts, told: reservedMeters(outcome) }, dayOf(now))
  }
  if (ready > now) throw underWay(ready)
  return { counts, open }
}

/** Until then, in milliseconds since the epoch. */
export const underWay = (until: number): Error =>
  new Error(`calls may be under way: close the gate and run it again after ${time(until)}.`)

/** When the call began, in milliseconds since the epoch: its reservations are of that day. */
export const startOf = (intent: Entry): number => Number(intent.exact.time) / 1000

/** One organisation's calls after the other's, in the order of time. */
async function* readCalls(
  store: Store,
): AsyncGenerator<LoggedCall & { readonly outcome: Entry | undefined }> {
  const organisations = { index: indexes.byRecord, partition: 'organisation' }
  for await (const batch of pages<Organisation>(store, organisations))
    for (const organisation of await store.get(batch))
      if (organisation) yield* callsOf(store, organisation.id)
}

/**
 * The id of an outcome comes right after its intent's. The index may lag behind it, or a page end between the two: then
 * it is read by its key. Throws on an outcome without its intent: the log is not whole.
 */
async function* callsOf(store: Store, organisation: string) {
  let expected: string | undefined
  const range = { index: indexes.byOrganisation, partition: organisation }
  for await (const batch of pages<Entry>(store, range)) {
    const entries = await store.get(batch)
    for (const [i, { pk: eid }] of batch.entries()) {
      const intent = entries[i]
      if (intent?.charge !== undefined && eid !== expected)
        throw new Error(`the intent of ${eid} is missing.`)
      if (intent?.meters === undefined) continue
      expected = outcomeId(eid)
      const [outcome] =
        batch[i + 1]?.pk === expected ? [entries[i + 1]] : await store.get([keys.entry(expected)])
      yield { eid, intent, outcome }
    }
  }
}
