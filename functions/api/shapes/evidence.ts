import * as z from 'zod'
import { type Evidence, statutes } from '../../../shared/domain/evidence.ts'
import { type ExportJob, exportStates } from '../../../shared/domain/exports.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import { time } from '../../../shared/domain/time.ts'
import type { EvidenceAsked } from '../../governance/evidence/evidence.ts'
import { decisionBody } from '../decision.ts'
import { anyId, instant, longText, shortText, showSignature, signature } from './common.ts'

const selectionBody = z
  .strictObject({
    person: anyId.optional().meta({ description: 'Who acted.' }),
    organisation: anyId.optional().meta({ description: 'Whose people and clients acted.' }),
    client: anyId.optional().meta({ description: 'The agent.' }),
    incident: anyId.optional().meta({
      description: 'A finding: entries of its model, and of whoever reported it unless an actor is named.',
    }),
    from: instant,
    to: instant,
  })
  .meta({ id: 'EvidenceSelection' })

export const evidenceBody = decisionBody
  .extend({
    selection: selectionBody,
    statutes: z
      .array(z.enum(statutes))
      .min(1)
      .refine(all => new Set(all).size === all.length, 'name each once'),
    officer: shortText.meta({ description: 'Who asks for it by law.' }),
    agency: shortText,
    purpose: longText.meta({ description: 'It stands in the log and in the file.' }),
    developer: anyId.optional().meta({ description: 'Whose models it is about, where it could be several.' }),
  })
  .refine(({ reason, dry_run }) => dry_run === true || reason.reference !== undefined, {
    path: ['reason', 'reference'],
    error: 'evidence is handed over under a warrant, an order or a case: give its reference',
  })

export const toSelection = (given: z.infer<typeof selectionBody>): EvidenceAsked['selection'] => ({
  ...(given.person !== undefined && { person: given.person }),
  ...(given.organisation !== undefined && { organisation: given.organisation }),
  ...(given.client !== undefined && { client: given.client }),
  ...(given.incident !== undefined && { incident: given.incident }),
  from: time(Date.parse(given.from)),
  to: time(Date.parse(given.to)),
})

export const receiptBody = decisionBody.extend({
  reference: shortText.meta({ description: 'What the officer’s receipt is called.' }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'it is a SHA-256, 64 hexadecimal digits')
    .meta({ description: 'Of the file that they took.' }),
  received_at: instant,
})

export const evidenceShown = z
  .object({
    id: z.string(),
    organisation: z.string().meta({ description: 'Of whoever asked.' }),
    developer: z.string(),
    query: z.string(),
    from: instant,
    to: instant,
    incident: z.string().nullable(),
    statutes: z.array(z.enum(statutes)),
    officer: z.string(),
    agency: z.string(),
    purpose: z.string(),
    reference: z.string().nullable(),
    signatures: z.array(signature),
    at: instant,
    entry: z.string(),
    export: z
      .object({
        id: z.string(),
        state: z.enum(exportStates),
        records: z.int(),
        bytes: z.int().nullable(),
        sha256: z.string().nullable(),
        made_at: instant.nullable(),
      })
      .nullable()
      .meta({ description: 'The file is fetched by whoever asked for it: /exports.' }),
    receipt: z
      .object({
        reference: z.string(),
        sha256: z.string(),
        received_at: instant,
        by: signature,
        entry: z.string(),
        jws: z.string().meta({ description: 'Compact JWS over the statement; its keys: GET /keys.' }),
      })
      .nullable(),
    version: z.int(),
  })
  .meta({ id: 'Evidence' })

export function showEvidence(
  evidence: Governed<Evidence>,
  job: ExportJob | undefined,
): z.infer<typeof evidenceShown> {
  const { receipt, selection } = evidence
  return {
    id: evidence.id,
    organisation: evidence.organisation,
    developer: evidence.developer,
    query: evidence.q,
    from: time(selection.from),
    to: time(selection.to),
    incident: selection.incident ?? null,
    statutes: statutes.filter(one => evidence.statutes.includes(one)),
    officer: evidence.officer,
    agency: evidence.agency,
    purpose: evidence.purpose,
    reference: evidence.reference ?? null,
    signatures: evidence.signatures.map(showSignature),
    at: time(evidence.at),
    entry: evidence.entry,
    export: job
      ? {
          id: job.id,
          state: job.state,
          records: job.rows,
          bytes: job.bytes ?? null,
          sha256: job.sha256 ?? null,
          made_at: job.madeAt === undefined ? null : time(job.madeAt),
        }
      : null,
    receipt: receipt
      ? {
          reference: receipt.reference,
          sha256: receipt.sha256,
          received_at: time(receipt.receivedAt),
          by: showSignature(receipt.by),
          entry: receipt.entry,
          jws: receipt.jws,
        }
      : null,
    version: evidence.rev,
  }
}
