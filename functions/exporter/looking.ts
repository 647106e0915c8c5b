/** What an export looks at, in an order that never changes: entries of the table, or of its archives. */

import type { ExportJob } from '../../shared/domain/exports.ts'
import { hourOf } from '../../shared/domain/time.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { parseQuery } from '../../shared/search/grammar.ts'
import type { Plan } from '../../shared/search/plan.ts'
import { planQuery } from '../../shared/search/plan.ts'
import { isQueryFault } from '../../shared/search/query.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import { keysBelow } from '../keys-below.ts'
import { archiveFolder, openArchive, parseArchiveKey } from '../log/archive.ts'
import { planFor } from '../log/plan-for.ts'
import { walk } from '../log/walk.ts'
import { withoutDeleted } from './deleted-months.ts'
import type { ExporterDeps } from './deps.ts'
import type { Requester } from './requester.ts'

export type LookedAt = Pick<Entry, 'body' | 'exact' | 'attr' | 'organisation' | 'actor' | 'open' | 'i'>

export interface Looked {
  readonly entries: readonly { readonly eid: string; readonly entry: LookedAt }[]
  /** Looking can go on behind it. */
  readonly last: string
}

/** The plan that it was granted with: nothing of it depends on when it is made again. */
export function planOfJob(job: ExportJob, requester: Requester): Plan {
  const { q, by, requestedAt: now, kind, organisation, from, to } = job
  const parsed = kind === 'evidence' ? parseQuery(q) : undefined
  const plan =
    parsed === undefined
      ? planFor(requester, { q, now, ...(by && { by }) })
      : isQueryFault(parsed)
        ? parsed
        : planQuery(parsed, { now, mayWalkAll: true, organisation })
  if (isQueryFault(plan)) throw new Error(`the query of an export is none any more: ${plan.message}`)
  return { ...plan, from, to }
}

export const looking = (deps: ExporterDeps, job: ExportJob, plan: Plan): AsyncGenerator<Looked> =>
  job.kind === 'archive' ? lookingInArchives(deps, job, plan) : lookingInTable(deps, job, plan)

async function* lookingInTable(
  { store }: ExporterDeps,
  { position }: ExportJob,
  plan: Plan,
): AsyncGenerator<Looked> {
  for await (const group of walk(store, plan, position))
    for (const one of group) yield { entries: [one], last: one.eid }
}

/** Archives by their names, which are in the order of months and hours. */
async function* lookingInArchives(
  { store, objects, secrets }: ExporterDeps,
  { position, size, organisation }: ExportJob,
  { from, to, why }: Plan,
): AsyncGenerator<Looked> {
  const last = hourOf(to)
  // What the index of a search would have chosen by, and no term compares.
  const isChosen = (one: Pick<Entry, 'organisation' | 'actor'>): boolean =>
    why === 'own_alone'
      ? one.organisation === organisation
      : why !== 'decided_by_own' || one.actor === organisation
  const after = position ?? `${archiveFolder}${epochAt(from)}/${hourOf(from)}`
  for await (const key of keysBelow(objects, archiveFolder, after)) {
    const name = parseArchiveKey(key)
    if (name === undefined) continue
    if (name.hour > last) return
    if (name.first >= size) continue
    const found = await objects.get(key)
    // It may have been deleted between.
    const opened = found ? await openArchive(secrets, name.epoch, found.bytes) : []
    const archived = await withoutDeleted(store, name.epoch, opened)
    const entries = archived.filter(isChosen).map(({ eid, ...entry }) => ({ eid, entry }))
    yield { entries, last: key }
  }
}
