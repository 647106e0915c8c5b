/** `POST /exports`: what a search would find, as a file for whoever asks; a job does it, and the log says so first. */
import {
  type ExportAsked,
  type ExportJob,
  type ExportKind,
  exportJobOf,
  isOpen,
  maxOpenExports,
  type OpenExports,
} from '../../../shared/domain/exports.ts'
import { randomId } from '../../../shared/domain/id.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { exportGrantedEntry } from '../../../shared/entries/export.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { itemAbsent, type Put, type Store, type Update } from '../../../shared/ports/store.ts'
import { isQueryFault } from '../../../shared/search/query.ts'
import { planFor } from '../../log/plan-for.ts'
import { readTree } from '../../log/proofs.ts'
import type { PersonCaller } from '../caller.ts'
import { answeredBefore } from '../decision.ts'
import { refusedQuery } from '../log/search.ts'
import { madeOnce } from '../made-once.ts'
import type { Answer, Context } from '../operation.ts'
import { showExport } from '../shapes/export.ts'

export interface ExportBody {
  readonly q: string
  readonly purpose: string
  readonly by?: 'us' | undefined
  readonly archive?: boolean | undefined
}

type Asking = Context<PersonCaller, unknown, ExportBody>

/** Somebody else of the organisation may ask at the same moment. */
const tries = 5

export async function createExport(asking: Asking): Promise<Answer | Refusal> {
  const { deps, caller, body, idempotency } = asking
  const marked = judgeText(body.purpose, 'purpose') ?? judgeText(body.q, 'q')
  if (marked) return marked
  if (idempotency === undefined) throw new Error('an export is asked for with a key')
  const once = keys.idempotency(caller.person.id, idempotency.keyHash)
  const before = await answeredBefore(deps, once, idempotency.digest)
  if (before) return before

  const asked = await askedFor(asking)
  if (asked instanceof Refusal) return asked
  const granted = exportGrantedEntry(asked, {
    now: asked.requestedAt,
    random: deps.random.bytes(16),
    request: asking.request,
  })
  const job = exportJobOf({ ...asked, entry: granted.eid })
  const answer: Answer = {
    status: 201,
    body: showExport(job, asking.deps.log.origin),
    location: `/exports/${job.id}`,
  }
  const made = madeOnce(asking, once, answer)
  for (let tried = 0; tried < tries; tried++) {
    const room = await roomFor(deps.store, job)
    if (room instanceof Refusal) return room
    const { ok } = await deps.store.transact([
      { kind: 'put', key: keys.export(job.id), item: job, if: itemAbsent, ours: { eq: [['id'], job.id] } },
      room,
      putEntry(granted),
      made,
    ])
    if (ok) return answer
    const other = await answeredBefore(deps, once, idempotency.digest)
    if (other) return other
  }
  return refuse('store_unavailable', 'Others ask for exports at the same moment.')
}

/** All that the export is, but for the entry that grants it. */
async function askedFor({ deps, caller, body }: Asking): Promise<Omit<ExportAsked, 'entry'> | Refusal> {
  const { q, by, purpose, archive = false } = body
  const now = deps.clock.now()
  const plan = planFor(caller, { q, now, ...(by && { by }) })
  if (isQueryFault(plan)) return refusedQuery(plan)
  const tree = await readTree(deps.log.objects)
  if (tree === undefined) return refuse('not_in_tree_yet', 'The log is empty.', { retryAfter: 2 })
  const kind: ExportKind = archive ? 'archive' : 'bundle'
  return {
    id: randomId('export', deps.random.bytes(16)),
    kind,
    organisation: caller.viewer.organisation,
    person: { id: caller.person.id, name: caller.person.name },
    q,
    ...(by && { by }),
    from: plan.from,
    to: plan.to,
    size: tree.size,
    purpose,
    requestedAt: now,
  }
}

/** Its place among those that are not made yet; refused where there are too many of them. */
export async function roomFor(
  store: Store,
  { id, organisation, requestedAt }: Pick<ExportJob, 'id' | 'organisation' | 'requestedAt'>,
): Promise<Put<OpenExports> | Update<OpenExports> | Refusal> {
  const key = keys.openExports(organisation)
  const [found] = await store.get([key])
  const ours = { eq: [['open', id], requestedAt] } as const
  if (found === undefined)
    return { kind: 'put', key, item: { open: { [id]: requestedAt } }, if: itemAbsent, ours }
  const open = Object.keys(found.open)
  const ended = open.length < maxOpenExports ? [] : await endedOf(store, open)
  if (open.length - ended.length >= maxOpenExports)
    return refuse('exports_exhausted', `There are ${maxOpenExports} of them.`, { retryAfter: 60 })
  return {
    kind: 'update',
    key,
    change: {
      set: [[['open', id], requestedAt]],
      remove: ended.map(one => ['open', one] as const),
    },
    // As many as were counted: what another has ended meanwhile only makes room.
    if: { sizeLt: [['open'], open.length + 1] },
    ours,
  }
}

/** Whoever made them did not come to take them off the list. */
async function endedOf(store: Store, open: readonly string[]): Promise<readonly string[]> {
  const jobs = await store.get(open.map(keys.export))
  return open.filter((_, n) => !isOpen(jobs[n]))
}
