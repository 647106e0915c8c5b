/** A page of an export: what its requester is shown of the next entries, put as a part before it counts. */
import { exactLine } from '../../shared/bundle/exact.ts'
import type { MonthReader } from '../../shared/bundle/manifest.ts'
import { recordLine } from '../../shared/bundle/records.ts'
import { type ExportJob, maxExportBytes, maxExportRecords, partKey } from '../../shared/domain/exports.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { timeOfEntry } from '../../shared/entries/id.ts'
import { searchFacts } from '../../shared/search/facts.ts'
import { isFound } from '../../shared/search/matching.ts'
import type { Plan } from '../../shared/search/plan.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import { bind } from '../../shared/watermark/slots.ts'
import { text } from '../../shared/watermark/view.ts'
import { type Sight, viewOf } from '../log/entry-view.ts'
import { evidenceSight } from '../log/evidence-sight.ts'
import { type ShownEntry, showEntry } from '../log/show.ts'
import type { ExporterDeps } from './deps.ts'
import { type Held, save } from './job.ts'
import { type LookedAt, looking, planOfJob } from './looking.ts'
import { formatPart, type Part, parsePart } from './part.ts'
import { readerOf } from './reader-of.ts'
import { exportReader, type Requester, readRequester, seenWith } from './requester.ts'

/** Entries that are looked at for a part; of an archive a few more, since an object of it is looked at whole. */
const lookedAtMost = 2_000

/** The job with one more part. A refusal ends it. Throws `LeaseLost`. */
export async function collectPart(deps: ExporterDeps, held: Held): Promise<Held | Refusal> {
  const { job } = held
  const part = await partOf(deps, job)
  if (part instanceof Refusal) return part
  const { last, rows, bytes, readers, seenAs } = part.head
  const next = { rows: job.rows + rows, partBytes: job.partBytes + bytes }
  const bounds = { records: maxExportRecords, bytes: maxExportBytes, ...deps.bounds }
  if (next.rows > bounds.records || next.partBytes > bounds.bytes)
    return refuse(
      'export_too_large',
      `It has more than ${bounds.records.toLocaleString('en-US')} records, or ${bounds.bytes.toLocaleString('en-US')} bytes of them.`,
    )
  return save(deps, held, {
    ...next,
    ...(last === undefined ? { collected: true, collectedAt: deps.clock.now() } : { position: last }),
    parts: job.parts + 1,
    readers: merged(job.readers, readers),
    seenAs: seenWith(job.seenAs, seenAs),
  })
}

/** One that is there was put by whoever did not come further: it counts, and nothing is shown a second time. */
async function partOf(deps: ExporterDeps, job: ExportJob): Promise<Part | Refusal> {
  const key = partKey(job.id, job.parts)
  const there = await deps.objects.get(key)
  if (there) return parsePart(there.bytes)
  const requester = await readRequester(deps, job)
  if (requester instanceof Refusal) return requester
  const part = await lookFurther(deps, job, requester)
  if (part instanceof Refusal) return part
  if ((await deps.objects.put(key, part.bytes, { ifAbsent: true })).ok) return part
  const other = await deps.objects.get(key)
  if (other === undefined) throw new Error(`${key} is not there, and cannot be put`)
  return parsePart(other.bytes)
}

async function lookFurther(
  deps: ExporterDeps,
  job: ExportJob,
  requester: Requester,
): Promise<ReturnType<typeof formatPart> | Refusal> {
  const plan = planOfJob(job, requester)
  const most = deps.bounds?.lookedAt ?? lookedAtMost
  const [records, exact]: [string[], string[]] = [[], []]
  let readers: readonly MonthReader[] = []
  let looked = 0
  let last: string | undefined
  for await (const group of looking(deps, job, plan)) {
    for (const { eid, entry } of group.entries) {
      if (!isWanted(job, plan, eid, entry)) continue
      const shown = await showOne(deps, job, requester, eid, entry)
      if (shown instanceof Refusal) return shown
      if (shown === undefined) continue
      records.push(recordLine(shown.record))
      if (shown.exact) exact.push(shown.exact)
      readers = merged(readers, [readerOf(shown.record)])
    }
    looked += group.entries.length
    if (looked < most) continue
    last = group.last
    break
  }
  const seenAs = seenWith(undefined, requester.viewer)
  return formatPart({ ...(last !== undefined && { last }), readers, seenAs }, records, exact)
}

/** What came into the tree after it was asked for is not in it, whenever that is looked at. */
function isWanted(job: ExportJob, plan: Plan, eid: string, entry: LookedAt): boolean {
  if (entry.i === undefined || entry.i >= job.size) return false
  return isFound(plan, searchFacts(eid, bodyOf(entry), entry))
}

const bodyOf = ({ body }: LookedAt) => JSON.parse(body) as Readonly<Record<string, unknown>>

interface ShownOne {
  readonly record: ShownEntry
  readonly exact?: string
}

/** Evidence is whole: two organisations have decided that it is given. */
async function showOne(
  { log }: ExporterDeps,
  { kind, evidence }: ExportJob,
  requester: Requester,
  eid: string,
  entry: LookedAt,
): Promise<ShownOne | Refusal | undefined> {
  const sight: Sight | undefined =
    kind === 'evidence'
      ? evidence && evidenceSight(evidence.developer, entry as Entry)
      : viewOf(requester, entry as Entry)
  if (sight === undefined) return undefined
  const reader = exportReader(kind, requester)
  const record = await showEntry(log, reader, { eid, entry: entry as Entry }, sight)
  if (record instanceof Refusal) return record
  if (kind !== 'evidence') return { record }
  const { sealSalt } = bind(await log.epochs(epochAt(timeOfEntry(eid))), eid, entry)
  return { record, exact: exactLine({ eid, exact: entry.exact, seal_salt: text(sealSalt) }) }
}

/** By their months, each once. */
function merged(some: readonly MonthReader[], more: readonly MonthReader[]): readonly MonthReader[] {
  const added = more.filter(({ month }) => some.every(one => one.month !== month))
  return added.length === 0
    ? some
    : [...some, ...added].sort((one, other) => (one.month < other.month ? -1 : 1))
}
