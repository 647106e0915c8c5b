/**
 * What a preservation order covers loses the moment at which the table may let go of it, now and every hour what is new;
 * once the order is lifted, what no other covers gets it again. Nothing else of an entry is touched, and nothing of the
 * tree. Any number may run at once: a step counts on the turn that it was made on, and doing it again changes nothing.
 */
import { type Governed, indexes, keys } from '../../shared/domain/keys.ts'
import {
  type Preservation,
  type PreservationWalk,
  type PreservationWork,
  preservationDue,
} from '../../shared/domain/preservations.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { timeOfEntry } from '../../shared/entries/id.ts'
import type { NamedEntry } from '../../shared/entries/put.ts'
import type { Condition, TransactOp, Update } from '../../shared/ports/store.ts'
import type { Covering } from '../../shared/search/covering.ts'
import { pages } from '../pages.ts'
import type { ExporterDeps } from './deps.ts'
import { entriesBack } from './entries-back.ts'
import { isCovered, readCovering, readOrders } from './orders.ts'

const hourMs = 3_600_000
/** What is put now may stand in an index a moment later. Milliseconds. */
const settledMs = 30_000
/** Of what is let go of: nobody who places another order meanwhile comes too late by seconds. Milliseconds. */
const graceMs = 7 * 24 * hourMs
/** Entries that are looked at between two savings. */
const lookedAtMost = 2_000
/** Beside the check of the orders, in one transaction. */
const writesAtOnce = 90

/** How many entries were changed. */
export async function preserve(deps: ExporterDeps, until: number): Promise<number> {
  const { store, clock } = deps
  let done = 0
  for await (const batch of pages<Governed<Preservation>>(store, {
    index: indexes.byDue,
    partition: preservationDue,
  }))
    for (const order of await store.get(batch)) {
      if (order?.due === undefined || order.work.nextAt > clock.now()) continue
      try {
        done += await workOn(deps, order, until)
      } catch (error) {
        // Another order is carried out all the same; this one stands, and is tried again.
        deps.telemetry.error('a preservation order was not carried out', error, { order: order.id })
      }
      if (clock.now() >= until || deps.stop?.aborted) return done
    }
  return done
}

/** Page by page, until there is nothing left to do now, the time is over, or another is at it. */
async function workOn(deps: ExporterDeps, order: Governed<Preservation>, until: number): Promise<number> {
  const covering = readCovering(order)
  let work = order.work
  let done = 0
  for (;;) {
    const page = await pageOf(deps, order, covering, work)
    done += page.changed
    const next = page.overtaken ? undefined : await save(deps, order, work, page.work)
    if (next === undefined) return done
    work = next
    if (work.walk === undefined || deps.clock.now() >= until || deps.stop?.aborted) return done
  }
}

interface PageDone {
  readonly changed: number
  readonly work: Omit<PreservationWork, 'turn'>
  /** It was lifted meanwhile. */
  readonly overtaken?: true
}

async function pageOf(
  deps: ExporterDeps,
  order: Governed<Preservation>,
  covering: Covering,
  work: PreservationWork,
): Promise<PageDone> {
  const { store, clock } = deps
  const now = clock.now()
  const { until } = work
  const begun: PreservationWalk = work.walk ?? {
    from: Math.max(covering.from, until ?? 0),
    to: Math.min(covering.to, order.lifted?.at ?? now - settledMs),
  }
  const kept = until !== undefined && { until }
  if (begun.from > begun.to) return { changed: 0, work: ended(order, { ...kept }, now) }
  let [looked, changed] = [0, 0]
  let { waits, position } = begun
  for await (const group of entriesBack(store, covering, begun, position)) {
    const step = await (order.state === 'active' ? keep : free)(deps, order, covering, group)
    if (step === undefined) return { changed, work, overtaken: true }
    changed += step
    for (const { eid, entry } of group)
      if (isUnsettled(entry)) waits = Math.min(waits ?? Number.POSITIVE_INFINITY, timeOfEntry(eid))
    position = group.at(-1)?.eid ?? position
    looked += group.length
    if (looked < lookedAtMost) continue
    const walk: PreservationWalk = {
      from: begun.from,
      to: begun.to,
      ...(position !== undefined && { position }),
      ...(waits !== undefined && { waits }),
    }
    return { changed, work: { ...kept, nextAt: now, walk } }
  }
  return { changed, work: ended(order, { until: Math.min(begun.to, waits ?? begun.to) }, now) }
}

/** It gets its place later, and with it a moment to go; or its outcome comes later, under the time of the intent. */
const isUnsettled = ({ i, open }: Entry): boolean => i === undefined || open !== undefined

const ended = (
  { state }: Preservation,
  kept: Pick<PreservationWork, 'until'>,
  now: number,
): Omit<PreservationWork, 'turn'> =>
  state === 'active' ? { ...kept, nextAt: now + hourMs } : { ...kept, nextAt: now, freedAt: now }

/** `undefined` where another was faster, or the order was lifted. */
async function save(
  { store }: ExporterDeps,
  order: Governed<Preservation>,
  before: PreservationWork,
  work: Omit<PreservationWork, 'turn'>,
): Promise<PreservationWork | undefined> {
  const next: PreservationWork = { ...work, turn: before.turn + 1 }
  const { ok } = await store.write<Governed<Preservation>>({
    kind: 'update',
    key: keys.preservation(order.id),
    if: { and: [{ eq: [['work', 'turn'], before.turn] }, { eq: [['state'], order.state] }] },
    change: {
      set: [[['work'], next]],
      ...(next.freedAt !== undefined && { remove: [['due'] as const] }),
    },
  })
  return ok ? next : undefined
}

const hasPlace: Condition = { exists: ['i'] }

/** How many now have no moment to go any more; `undefined` where the order does not stand any more. */
async function keep(
  { store }: ExporterDeps,
  { id }: Preservation,
  covering: Covering,
  group: readonly NamedEntry[],
): Promise<number | undefined> {
  const covered = group.filter(
    ({ eid, entry }) => entry.i !== undefined && entry.exp !== undefined && isCovered(covering, eid, entry),
  )
  const stands: TransactOp = {
    kind: 'check',
    key: keys.standingOrders,
    if: { exists: ['orders', id] },
  }
  const updates = covered.map(
    ({ eid }): Update<Entry> => ({
      kind: 'update',
      key: keys.entry(eid),
      if: hasPlace,
      change: { remove: [['exp']] },
    }),
  )
  return inParts(updates, part => writeOn(store, stands, part))
}

/** How many may go again, in time. */
async function free(
  { store, clock, retentionMs }: ExporterDeps,
  _: Preservation,
  covering: Covering,
  group: readonly NamedEntry[],
): Promise<number> {
  const covered = group.filter(
    ({ eid, entry }) => entry.i !== undefined && entry.exp === undefined && isCovered(covering, eid, entry),
  )
  let waiting = covered
  for (let changed = 0; ; ) {
    if (waiting.length === 0) return changed
    const orders = await readOrders(store)
    const updates = waiting
      .filter(({ eid, entry }) => !orders.keeps(eid, entry))
      .map(({ eid }): Update<Entry> => {
        const exp = Math.ceil(Math.max(timeOfEntry(eid) + retentionMs, clock.now() + graceMs) / 1000)
        return {
          kind: 'update',
          key: keys.entry(eid),
          if: { and: [hasPlace, { absent: ['exp'] }] },
          change: { set: [[['exp'], exp]] },
        }
      })
    const freed = await inParts(updates, part => writeOn(store, orders.unchanged, part))
    if (freed !== undefined) return changed + freed
    // An order was placed or lifted at that moment: those that wait are judged anew.
    const found = await store.get(waiting.map(({ eid }) => keys.entry(eid)))
    const before = waiting.length
    waiting = waiting.filter((_one, n) => found[n] !== undefined && found[n].exp === undefined)
    changed += before - waiting.length
  }
}

async function inParts(
  updates: readonly Update<Entry>[],
  write: (part: readonly Update<Entry>[]) => Promise<number | undefined>,
): Promise<number | undefined> {
  let done = 0
  for (let at = 0; at < updates.length; at += writesAtOnce) {
    const written = await write(updates.slice(at, at + writesAtOnce))
    if (written === undefined) return undefined
    done += written
  }
  return done
}

/** Those that still are as they were seen; `undefined` where `check` does not hold. */
async function writeOn(
  store: ExporterDeps['store'],
  check: TransactOp,
  updates: readonly Update<Entry>[],
): Promise<number | undefined> {
  let left = updates
  while (left.length > 0) {
    const done = await store.transact([check, ...left])
    if (done.ok) return left.length
    if (done.failed.has(0)) return undefined
    // One that is gone, or was changed by another meanwhile, is as it has to be.
    const others = left.filter((_, n) => !done.failed.has(n + 1))
    if (others.length === left.length) throw new Error('a transaction failed without saying by what')
    left = others
  }
  return 0
}
