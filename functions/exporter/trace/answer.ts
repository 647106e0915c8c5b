/** `POST /traces`, answered: which readers a leak was copied from, and how sure that is. */
import { type Answered, type Inquiry, usualEpsilon } from '../../../shared/domain/inquiries.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import type { LeakedRow } from '../../../shared/leak/leak.ts'
import { readLeak } from '../../../shared/leak/read-leak.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { type EpochKey, entryMarks } from '../../../shared/watermark/slots.ts'
import type { MarkedRecord, Reading } from '../../../shared/watermark/trace/reading.ts'
import { traceMarks } from '../../../shared/watermark/trace/trace-marks.ts'
import { othersTurn } from '../../others-turn.ts'
import type { ExporterDeps } from '../deps.ts'
import type { Requester } from '../requester.ts'
import { loadCatalogue } from './load.ts'
import { type Catalogue, latencyOf, type Match, type Matched } from './match.ts'
import { proveRows } from './proved.ts'
import { readReaders } from './readers.ts'
import { traceResult } from './result.ts'

export async function answerTrace(
  deps: ExporterDeps,
  { options }: Inquiry,
  input: Uint8Array,
  requester: Requester,
): Promise<Answered | Refusal> {
  const { epsilon = usualEpsilon, offsetMinutes, leftOut = 0 } = options
  const leak = readLeak(new TextDecoder().decode(input), offsetMinutes === undefined ? {} : { offsetMinutes })
  if (!leak.rows.some(isTraceable))
    return refuse('leak_unreadable', 'No row has a time, or the id of an entry.')
  const catalogue = await loadCatalogue(deps, requester, leak.rows)
  if (catalogue instanceof Refusal) return catalogue
  const proved = await proveRows(deps, requester, leak.rows)

  const found = await matchAll(catalogue, leak.rows)
  const matched = found.flatMap(({ row, match }) => (typeof match === 'string' ? [] : [{ row, match }]))
  const records = await marksOf(deps, matched)
  if (records instanceof Refusal) return records
  const epochs = await openEpochs(deps, [...records.values(), ...proved.opened])
  const readers = await readReaders(deps, [...epochs.keys()])
  const marks = traceMarks(
    matched.map(({ row, match }) => readingOf(row, match)),
    records,
    [...readers.suspects.values()],
    epsilon / 1e9,
  )
  const rows = {
    rows: leak.rows.length,
    matched: matched.length,
    ambiguous: found.filter(({ match }) => match === 'ambiguous').length,
    unmatched: found.filter(({ match }) => match === 'unmatched').length,
    unread: leak.unread,
    times_unclear: leak.ambiguousTimes,
    left_out: leftOut + leak.beyond,
    records: records.size,
  }
  return traceResult(deps, {
    epsilon: epsilon / 1e9,
    format: leak.format,
    rows,
    proved,
    marks,
    readers,
    epochs,
  })
}

const isTraceable = ({ eid, time }: LeakedRow): boolean => eid !== undefined || time !== undefined

const epochOf = (eid: string): number => epochAt(timeOfEntry(eid))

function readingOf({ time, latency }: LeakedRow, { told: { eid }, instant }: Match): Reading {
  const isMarked = time !== undefined && time.plain === undefined
  return {
    eid,
    epoch: epochOf(eid),
    timeDigits: isMarked ? time.digits : '',
    latencyDigits: latencyOf(latency)?.digits ?? '',
    ...(instant !== undefined && { instant }),
  }
}

/** So many are looked at before others have their turn; a row may take some milliseconds. */
const atOnce = 10

async function matchAll(
  catalogue: Catalogue,
  rows: readonly LeakedRow[],
): Promise<readonly { readonly row: LeakedRow; readonly match: Matched }[]> {
  const found: { readonly row: LeakedRow; readonly match: Matched }[] = []
  for (const row of rows) {
    found.push({ row, match: catalogue.match(row) })
    if (found.length % atOnce === 0) await othersTurn()
  }
  return found
}

/** Each takes some tens of bytes, and a month may have sixteen times the usual slots. */
const marksMost = 50_000 * 64

async function marksOf(
  { log, bounds }: ExporterDeps,
  matched: readonly { readonly match: Match }[],
): Promise<ReadonlyMap<string, MarkedRecord> | Refusal> {
  const records = new Map<string, MarkedRecord>()
  const most = bounds?.marks ?? marksMost
  let marks = 0
  for (const { match } of matched) {
    const { eid, times } = match.told
    if (records.has(eid)) continue
    const epoch = await log.epochs(epochOf(eid))
    marks += epoch.slots
    if (marks > most)
      return refuse(
        'trace_too_large',
        `With ${epoch.slots} slots a month, the marks of no more than ${Math.floor(most / epoch.slots).toLocaleString('en-US')} records are compared at once.`,
      )
    records.set(eid, { eid, epoch: epoch.epoch, marks: entryMarks(epoch, eid, times) })
    if (records.size % atOnce === 0) await othersTurn()
  }
  return records
}

async function openEpochs(
  { log }: ExporterDeps,
  records: readonly { readonly epoch: number }[],
): Promise<ReadonlyMap<number, EpochKey>> {
  const numbers = [...new Set(records.map(({ epoch }) => epoch))].sort((a, b) => a - b)
  return new Map(await Promise.all(numbers.map(async epoch => [epoch, await log.epochs(epoch)] as const)))
}
