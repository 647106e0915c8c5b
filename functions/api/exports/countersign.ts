/**
 * `POST /exports/{export}/countersignature`: its reader signs that the copy is theirs, once, before they are given it. The
 * log keeps the signature. It needs no key of idempotency: once one stands, that is the answer.
 */
import { statementOf } from '../../../shared/bundle/countersignature.ts'
import type { ExportRecord } from '../../../shared/domain/exports.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { exportCountersignedEntry } from '../../../shared/entries/export.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import type { PersonCaller } from '../caller.ts'
import type { Answer, Context } from '../operation.ts'
import { showExport } from '../shapes/export.ts'
import { judgeCountersignature } from './countersignature.ts'
import { judgeFetch, ownExport } from './download.ts'

type Asking = Context<PersonCaller, unknown, { readonly signature: string }>

export async function countersignExport(asking: Asking): Promise<Answer | Refusal> {
  const { deps, caller, body, request } = asking
  const shown = (job: ExportRecord): Answer => ({ status: 200, body: showExport(job, deps.log.origin) })
  const job = await ownExport(asking)
  if (job instanceof Refusal) return job
  if (job.countersigned) return shown(job)

  const now = deps.clock.now()
  const refused = judgeFetch(job, caller, now)
  if (refused) return refused
  const statement = statementOf(job, deps.log.origin)
  if (statement === undefined) throw new Error('an export that is made has a file')
  const { id: session, jkt: key } = caller.session
  const invalid = judgeCountersignature(body.signature, { statement, key })
  if (invalid) return invalid

  const signed = { key, session, signature: body.signature }
  const entry = exportCountersignedEntry(job, signed, { now, random: deps.random.bytes(16), request })
  const countersigned = { at: now, entry: entry.eid, key }
  const { ok } = await deps.store.transact([
    {
      kind: 'update',
      key: keys.export(job.id),
      change: { set: [[['countersigned'], countersigned]] },
      if: { and: [{ eq: [['state'], 'done'] }, { absent: ['countersigned'] }] },
      ours: { eq: [['countersigned', 'entry'], entry.eid] },
    },
    putEntry(entry),
  ])
  if (ok) return shown({ ...job, countersigned })
  const after = await ownExport(asking)
  if (after instanceof Refusal) return after
  // Their other request was first.
  if (after.countersigned) return shown(after)
  return judgeFetch(after, caller, now) ?? refuse('store_unavailable', 'The signature could not be recorded.')
}
