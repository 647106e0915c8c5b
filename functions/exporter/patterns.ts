/**
 * Looks through what was sent on each day that is over, for what its agreements ask to be looked for. Days are taken in
 * their order, and one is done with when all of it stands: what it raised has an id that follows from the day, and what it
 * kept of the day is kept once. So one that is broken off is done again, and several at once are harmless.
 *
 *   a day is over and packed ──▶ findings ──▶ its words, for the days to come ──▶ the day is marked
 */

import type { Clause } from '../../shared/domain/clauses.ts'
import { type Governed, keys } from '../../shared/domain/keys.ts'
import {
  baselineDays,
  dayMs,
  dayName,
  type PatternMonth,
  patternsOf,
  type SentInDay,
} from '../../shared/domain/patterns.ts'
import type { Agreement } from '../../shared/domain/records.ts'
import { hourOf } from '../../shared/domain/time.ts'
import { timeOfEntry } from '../../shared/entries/id.ts'
import { measureDay } from '../../shared/fingerprint/patterns.ts'
import { pendingPrefix, readPendingKey } from '../../shared/fingerprint/pending.ts'
import { readDay } from '../../shared/fingerprint/read-day.ts'
import type { Segment } from '../../shared/fingerprint/read-segment.ts'
import { itemAbsent, type Store } from '../../shared/ports/store.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import { documentOf } from '../governance/agreements/read-agreement.ts'
import { raisePattern } from '../governance/findings/raise-pattern.ts'
import type { ExporterDeps } from './deps.ts'
import { listSegments, type SegmentName, segmentKey } from './fingerprints/names.ts'
import { openNamed, SegmentGone } from './fingerprints/segments.ts'

export type PatternDeps = Pick<ExporterDeps, 'store' | 'objects' | 'clock' | 'random' | 'telemetry'>

/** For the last replies to end and to be packed. Milliseconds. */
const packedMs = 2 * 3_600_000
/** What cannot be packed or read holds up the days behind it for no longer. Milliseconds. */
const patienceMs = 2 * dayMs
/** Days that a deployment begins with, and after a long pause. */
const firstDays = 3
const mostDays = 31

/** A process looks so often, whether a day is over or one fails again and again. Milliseconds. */
const lookMs = 60_000

const lookedAt = new WeakMap<PatternDeps, number>()

/** How many findings were raised. */
export async function findPatterns(deps: PatternDeps, until: number): Promise<number> {
  const { store, clock, telemetry } = deps
  const started = clock.now()
  if ((lookedAt.get(deps) ?? Number.NEGATIVE_INFINITY) + lookMs > started) return 0
  lookedAt.set(deps, started)
  let raised = 0
  for (;;) {
    const day = await nextDay(deps)
    if (day === undefined || clock.now() >= until) return raised
    try {
      raised += await lookThrough(deps, day)
    } catch (error) {
      // Another has merged one of its segments: it is begun anew by the next run.
      if (error instanceof SegmentGone) return raised
      if (clock.now() < endOf(day) + patienceMs) throw error
      telemetry.error('a day of replies could not be looked through', error, { day: dayName(day) })
    }
    await mark(store, day)
  }
}

const endOf = (day: number): number => (day + 1) * dayMs

/** The first that is not done with, where it is over and packed. */
async function nextDay({ store, objects, clock }: PatternDeps): Promise<number | undefined> {
  const [judged] = await store.get([keys.patternsJudged])
  const now = clock.now()
  const today = Math.floor(now / dayMs)
  const day = judged ? Math.max(judged.day + 1, today - mostDays) : today - firstDays
  if (now < endOf(day) + packedMs) return undefined
  const waits = now < endOf(day) + patienceMs && (await isWaiting(objects, day))
  return waits ? undefined : day
}

/** Whether a reply of the day is not packed yet. Hours have as many digits for the next 57 years: keys are in their order. */
async function isWaiting({ list }: PatternDeps['objects'], day: number): Promise<boolean> {
  const epoch = epochAt(day * dayMs)
  const first = hourOf(day * dayMs)
  const { keys: waiting } = await list(pendingPrefix(epoch), pendingPrefix(epoch, first))
  const hour = readPendingKey(waiting[0] ?? '')?.hour
  return hour !== undefined && hour < hourOf(endOf(day))
}

async function lookThrough(deps: PatternDeps, day: number): Promise<number> {
  let raised = 0
  const failed: unknown[] = []
  for (const [agreement, sent] of await measured(deps, day)) {
    try {
      raised += await judge(deps, day, agreement, sent)
      await keep(deps.store, day, agreement, sent)
    } catch (error) {
      // The others are judged all the same.
      failed.push(error)
    }
  }
  if (failed.length > 0) throw failed[0]
  return raised
}

async function measured({ objects }: PatternDeps, day: number): Promise<ReadonlyMap<string, SentInDay>> {
  const names = await segmentsIn(objects, day)
  const segments: Segment[] = []
  for (const name of names) segments.push(await openNamed(objects, name))
  // A listing in pages is of no one moment: what was merged while it was made could stand in none of them.
  const listed = (all: readonly SegmentName[]): string => all.map(segmentKey).join()
  if (listed(names) !== listed(await segmentsIn(objects, day)))
    throw new SegmentGone('segments were merged meanwhile')
  const { replies, eachGroup } = await readDay(segments, eid => Math.floor(timeOfEntry(eid) / dayMs) === day)
  const measuring = measureDay(replies)
  await eachGroup(measuring.add)
  return measuring.measures()
}

async function segmentsIn(objects: PatternDeps['objects'], day: number): Promise<readonly SegmentName[]> {
  const [first, last] = [hourOf(day * dayMs), hourOf(endOf(day) - 1)]
  const all = await listSegments(objects, epochAt(day * dayMs))
  return all.filter(name => name.first <= last && name.last >= first)
}

async function judge(deps: PatternDeps, day: number, id: string, sent: SentInDay): Promise<number> {
  const { store } = deps
  const [agreement] = await store.get([keys.agreement(id)])
  if (agreement === undefined) return 0
  const found = await clauseOn(store, agreement, day)
  if (found === undefined) return 0
  const [counterparty] = await store.get([keys.organisation(agreement.counterparty)])
  if (counterparty === undefined) throw new Error(`the agreement ${id} lacks its counterparty`)
  const { clause, digest } = found
  const terms = clause.terms.patterns
  if (terms === undefined) return 0
  const before = terms.volume_factor === undefined ? [] : await wordsBefore(store, id, day)
  let raised = 0
  for (const seen of patternsOf(dayName(day), sent, terms, before))
    if (await raisePattern(deps, { seen, agreement, counterparty, clause, digest, model: sent.model }))
      raised += 1
  return raised
}

type NoExtraction = Extract<Clause, { readonly kind: 'no-extraction' }>

/** As it stood at the end of the day: nobody is measured by what was agreed later. */
async function clauseOn(
  store: Store,
  { digest, previous }: Governed<Agreement>,
  day: number,
): Promise<{ readonly clause: NoExtraction; readonly digest: string } | undefined> {
  const [current, before] = await store.get([
    keys.agreementVersion(digest),
    keys.agreementVersion(previous?.digest ?? digest),
  ])
  const version = current && (current.effectiveAt ?? 0) < endOf(day) ? current : before
  if (version === undefined || (version.effectiveAt ?? 0) >= endOf(day)) return undefined
  const clause = documentOf(version).clauses.find((one): one is NoExtraction => one.kind === 'no-extraction')
  return clause && { clause, digest: version.digest }
}

/** Of the days before it on which anything was sent. */
async function wordsBefore(store: Store, agreement: string, day: number): Promise<readonly number[]> {
  const days = Array.from({ length: baselineDays }, (_, i) => dayName(day - 1 - i))
  const months = [...new Set(days.map(monthOf))]
  const kept = await store.get(months.map(month => keys.patternMonth(agreement, month)))
  return days.flatMap(name => kept[months.indexOf(monthOf(name))]?.days[name.slice(-2)]?.words ?? [])
}

const monthOf = (day: string): string => day.slice(0, 7)

/** Once: what a later look would count is not compared with. */
async function keep(
  store: Store,
  day: number,
  agreement: string,
  { words, replies }: SentInDay,
): Promise<void> {
  const name = dayName(day)
  const [month, date] = [monthOf(name), name.slice(-2)]
  const key = keys.patternMonth(agreement, month)
  const item: PatternMonth = { agreement, month, days: { [date]: { words, replies } } }
  const put = await store.write({ kind: 'put', key, item, if: itemAbsent })
  if (put.ok) return
  await store.write({
    kind: 'update',
    key,
    change: { set: [[['days', date], { words, replies }]] },
    if: { absent: ['days', date] },
  })
}

/** Never back: another may be further already. */
async function mark(store: Store, day: number): Promise<void> {
  const key = keys.patternsJudged
  const put = await store.write({ kind: 'put', key, item: { day }, if: itemAbsent })
  if (put.ok) return
  await store.write({ kind: 'update', key, change: { set: [[['day'], day]] }, if: { lt: [['day'], day] } })
}
