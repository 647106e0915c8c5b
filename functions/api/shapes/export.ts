import * as z from 'zod'
import { bundleKinds } from '../../../shared/bundle/files.ts'
import { type ExportJob, exportStates, maxExportRecords } from '../../../shared/domain/exports.ts'
import { time } from '../../../shared/domain/time.ts'
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
    made_at: instant.nullable(),
    kept_until: instant.nullable(),
    failure: z.object({ code: z.string(), detail: z.string() }).nullable(),
    ended_by: z.string().nullable().meta({ description: 'The entry that tells how it ended.' }),
  })
  .meta({ id: 'Export' })

const instantOrNull = (ms: number | undefined): string | null => (ms === undefined ? null : time(ms))

export const showExport = (job: ExportJob): z.infer<typeof exportShown> => ({
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
  made_at: instantOrNull(job.madeAt),
  kept_until: instantOrNull(job.keptUntil),
  failure: job.failure ?? null,
  ended_by: job.ended ?? null,
})
