import type { Api } from '../api.ts'
import type { Entry } from '../index.ts'
import { at, textAt } from '../json.ts'
import type { Terminal } from './terminal.ts'

const page = 100
/** Milliseconds between two looks. */
const pause = 2_000
/** Milliseconds that an entry may appear late: ids tell time in steps of 10 s, and an index may lag. */
const late = 30_000
/** No call is open longer than this, milliseconds. */
const longest = 20 * 60_000

/**
 * The newest `lines` entries, then those that come, the oldest first, until the terminal is interrupted.
 * Entries are in the order of their ids, and an outcome stands beside its intent whenever it came: so each
 * look goes back to the oldest call without an outcome, and what was seen is left out.
 */
export async function* followEntries(
  api: Pick<Api, 'entries'>,
  lines: number,
  terminal: Pick<Terminal, 'sleep' | 'interrupted'>,
): AsyncGenerator<readonly Entry[]> {
  const seen = new Map<string, Entry>()
  let since: number | undefined
  while (!terminal.interrupted.aborted) {
    const from = since
    const found = await readBack(api, from, from === undefined ? lines : 0)
    const fresh = found.filter(entry => !seen.has(entry.eid) && (from === undefined || began(entry) >= from))
    for (const entry of fresh) seen.set(entry.eid, entry)
    const shown = from === undefined ? fresh.slice(0, lines) : fresh
    if (shown.length > 0) yield shown.reverse()

    since = oldestToCome(seen.values(), eid => seen.has(`${eid}.outcome`))
    for (const [eid, entry] of seen) if (began(entry) < since) seen.delete(eid)
    await terminal.sleep(pause)
  }
}

/** The newest first: at least `lines`, and all that began at `since`, or shortly before the newest one. */
async function readBack(
  api: Pick<Api, 'entries'>,
  since: number | undefined,
  lines: number,
): Promise<Entry[]> {
  const entries: Entry[] = []
  let after: string | undefined
  for (;;) {
    const { items, next } = await api.entries({ limit: page, after })
    entries.push(...items)
    const [newest, oldest] = [entries[0], items.at(-1)]
    if (next === null || newest === undefined || oldest === undefined) return entries
    if (entries.length >= lines && began(oldest) < (since ?? began(newest) - late)) return entries
    after = next
  }
}

/** The time before which nothing new can begin, milliseconds. */
function oldestToCome(entries: Iterable<Entry>, isClosed: (intent: string) => boolean): number {
  let newest = 0
  let oldestOpen = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    newest = Math.max(newest, began(entry))
    const open = textAt(entry.body, 'unmapped', 'kind') === 'intent' && !isClosed(entry.eid)
    if (open) oldestOpen = Math.min(oldestOpen, began(entry))
  }
  return Math.max(newest - longest, Math.min(newest - late, oldestOpen))
}

/** The time in an entry's id: an outcome has that of its intent. */
function began({ body }: Entry): number {
  const time = at(body, 'start_time') ?? at(body, 'time')
  return typeof time === 'number' ? time : 0
}
