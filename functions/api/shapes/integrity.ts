import * as z from 'zod'
import { instant } from './common.ts'

export const integrityShown = z
  .object({
    log: z.string().meta({ description: 'The origin of its checkpoints.' }),
    verifier_key: z.string().nullable().meta({ description: 'As c2sp.org/signed-note has it.' }),
    checkpoint: z
      .object({
        size: z.int(),
        root: z.string().meta({ description: 'base64' }),
        note: z.string().meta({ description: 'Signed, with the cosignatures that it has.' }),
        made_at: instant.nullable(),
        age_s: z.number().nullable(),
      })
      .nullable(),
    pending: z.object({
      entries: z.int(),
      at_least: z.boolean().meta({ description: 'There may be more.' }),
      oldest_s: z.number().nullable(),
    }),
    halted: z
      .object({ why: z.enum(['behind', 'contradiction', 'missing']), detail: z.string(), at: instant })
      .nullable()
      .meta({ description: 'Why nothing more is appended, until a person has looked.' }),
    gaps: z.object({
      unfinished: z.int().meta({ description: 'Leaves that are appended and not published yet.' }),
      late: z.int().meta({ description: 'Entries that wait for a minute or longer.' }),
    }),
    clock_skew_s: z
      .number()
      .meta({ description: 'How far the newest entry that waits is ahead of this clock.' }),
    witnesses: z.array(
      z.object({
        name: z.string(),
        cosigned: z.boolean().meta({ description: 'The published checkpoint.' }),
        size: z.int().meta({ description: 'Of the largest tree that it has cosigned, as far as is known.' }),
        cosigned_at: instant.nullable(),
        refused: z.object({ status: z.int(), detail: z.string(), at: instant }).nullable(),
      }),
    ),
  })
  .meta({ id: 'Integrity' })
