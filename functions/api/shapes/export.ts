import * as z from 'zod'
import { countersignatureType, statementOf } from '../../../shared/bundle/countersignature.ts'
import { bundleKinds } from '../../../shared/bundle/files.ts'
import { type ExportJob, exportStates, maxExportRecords } from '../../../shared/domain/exports.ts'
import { time } from '../../../shared/domain/time.ts'
import { countersignatureCap } from '../exports/countersignature.ts'
import { instant, longText } from './common.ts'

export const exportBody = z.strictObject({
  q: z
    .string()
    .max(4_000)
    .meta({ description: 'As in a search: model:aurora-preview time:2026-11-01..2026-11-30' }),
  purpose: longText.meta({ description: 'What it is for. It stands in the log and in the file.' }),
  by: z.literal('us').optional().meta({ description: 'Of what your organisation’s people decided.' }),
  archive: z
    .boolean()
    .optional()
    .meta({ description: 'Of what the log keeps after its entries can no longer be searched.' }),
})

export const countersignatureBody = z.strictObject({
  signature: z
    .string()
    .max(countersignatureCap)
    .meta({
      description: `A compact JWS over the statement as it is shown: alg, typ (${countersignatureType}) and the public key as jwk are its header.`,
    }),
})

export const exportShown = z
  .object({
    id: z.string(),
    kind: z.enum(bundleKinds),
    state: z.enum(exportStates),
    query: z.string(),
    by: z.literal('us').nullable(),
    from: instant,
    to: instant,
    size: z.int().meta({ description: 'Of the tree that was published then: no later entry is in it.' }),
    purpose: z.string(),
    requested_at: instant,
    entry: z.string().meta({ description: 'That granted it.' }),
    records: z.int().meta({ description: `So far; at most ${maxExportRecords.toLocaleString('en-US')}.` }),
    collected: z
      .boolean()
      .meta({ description: 'All of its records are found, and the file is made of them.' }),
    bytes: z.int().nullable(),
    sha256: z.string().nullable().meta({ description: 'Of the file, hexadecimal.' }),
    statement: z.string().nullable().meta({
      description: 'Canonical JSON that you sign before you fetch the file: that the copy is yours.',
    }),
    countersigned: z
      .object({
        at: instant,
        entry: z.string().meta({ description: 'In which the signature stands.' }),
        key: z.string().meta({ description: 'The RFC 7638 thumbprint of the key that it is made with.' }),
      })
      .nullable(),
    made_at: instant.nullable(),
    kept_until: instant.nullable(),
    failure: z.object({ code: z.string(), detail: z.string() }).nullable(),
    ended_by: z.string().nullable().meta({ description: 'The entry that tells how it ended.' }),
  })
  .meta({ id: 'Export' })

const instantOrNull = (ms: number | undefined): string | null => (ms === undefined ? null : time(ms))

/** `log`: its origin. */
export const showExport = (job: ExportJob, log: string): z.infer<typeof exportShown> => ({
  id: job.id,
  kind: job.kind,
  state: job.state,
  query: job.q,
  by: job.by ?? null,
  from: time(job.from),
  to: time(job.to),
  size: job.size,
  purpose: job.purpose,
  requested_at: time(job.requestedAt),
  entry: job.entry,
  records: job.rows,
  collected: job.collected ?? false,
  bytes: job.bytes ?? null,
  sha256: job.sha256 ?? null,
  statement: statementOf(job, log) ?? null,
  countersigned: job.countersigned ? { ...job.countersigned, at: time(job.countersigned.at) } : null,
  made_at: instantOrNull(job.madeAt),
  kept_until: instantOrNull(job.keptUntil),
  failure: job.failure ?? null,
  ended_by: job.ended ?? null,
})
