import * as z from 'zod'
import type { LogDeletion } from '../../../shared/domain/log-deletions.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Viewer } from '../../../shared/domain/who-sees.ts'
import { decisionBody } from '../decision.ts'
import { instant, reasonShown, showReason, showSignature, signature } from './common.ts'

export const logDeletionBody = decisionBody.extend({
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month is written 2026-01')
    .meta({ description: 'Of UTC, by the time of each entry.' }),
})

const count = z.object({ entries: z.int(), archives: z.int() })

export const logDeletionShown = z
  .object({
    month: z.string(),
    decided_at: instant,
    entry: z.string().meta({ description: 'Of the decision.' }),
    work: z
      .object({
        state: z.enum(['deleting', 'done']),
        signatures: z.array(signature),
        reason: reasonShown,
        removed: count,
        kept: count.meta({
          description: 'At the last look: by preservation orders, by locks, or since they have no place yet.',
        }),
        next_at: instant.nullable(),
        ended_by: z.string().nullable().meta({ description: 'The entry that tells that it is done.' }),
      })
      .nullable()
      .meta({ description: 'How far it is, for those who decide; it would tell others what is kept.' }),
  })
  .meta({ id: 'LogDeletion' })

const decide: readonly Viewer['kind'][] = ['developer', 'government']

/** That the bodies of a month are gone is no secret. */
export function showLogDeletion(
  { id, at, entry, state, signatures, reason, work }: LogDeletion,
  { kind, roles }: Viewer,
): z.infer<typeof logDeletionShown> {
  const whole = decide.includes(kind) && roles.some(role => role !== 'consultant')
  return {
    month: id,
    decided_at: time(at),
    entry,
    work: whole
      ? {
          state,
          signatures: signatures.map(showSignature),
          reason: showReason(reason, true),
          removed: { ...work.removed },
          kept: { ...work.kept },
          next_at: state === 'deleting' ? time(work.nextAt) : null,
          ended_by: work.ended?.entry ?? null,
        }
      : null,
  }
}
