import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Preservation } from '../../../shared/domain/preservations.ts'
import { time } from '../../../shared/domain/time.ts'
import { sees, type Viewer } from '../../../shared/domain/who-sees.ts'
import { preservationFacts } from '../../governance/preservations/preservations.ts'
import { decisionBody } from '../decision.ts'
import { instant, reasonShown, showReason, showSignature, signature } from './common.ts'

export const preservationBody = decisionBody
  .extend({
    query: z.string().trim().min(1).max(2_000).meta({
      description: 'As in a search. Relative times go by now; without an end it covers what is to come.',
    }),
  })
  .refine(({ reason, dry_run }) => dry_run === true || reason.reference !== undefined, {
    path: ['reason', 'reference'],
    error: 'a preservation order names a case or an order: give its reference',
  })

export const preservationShown = z
  .object({
    id: z.string(),
    state: z.enum(['active', 'lifted']),
    organisation: z.string(),
    query: z.string(),
    reason: reasonShown,
    placed_by: signature,
    placed_at: instant,
    kept_until: instant.nullable().meta({
      description: 'Everything that it covers up to then is kept. How much that is, is told to nobody.',
    }),
    lifted: z
      .object({ at: instant, by: z.array(signature), reason: reasonShown, entry: z.string() })
      .nullable(),
    freed_at: instant.nullable().meta({
      description: 'Since then what it alone had kept goes when its time is over.',
    }),
    entry: z.string(),
    version: z.int(),
  })
  .meta({ id: 'Preservation' })

/** `undefined` where it is not there for them. */
export function showPreservation(
  order: Governed<Preservation>,
  viewer: Viewer,
): z.infer<typeof preservationShown> | undefined {
  const sight = sees(viewer, preservationFacts(order))
  if (sight === undefined) return undefined
  const whole = sight === 'whole'
  const { lifted, work, state } = order
  const until = state === 'active' ? work.until : undefined
  return {
    id: order.id,
    state,
    organisation: order.organisation,
    query: order.q,
    reason: showReason(order.reason, whole),
    placed_by: showSignature(order.placedBy),
    placed_at: time(order.at),
    kept_until: until === undefined ? null : time(until),
    lifted: lifted
      ? {
          at: time(lifted.at),
          by: lifted.by.map(showSignature),
          reason: showReason(lifted.reason, whole),
          entry: lifted.entry,
        }
      : null,
    freed_at: work.freedAt === undefined ? null : time(work.freedAt),
    entry: order.entry,
    version: order.rev,
  }
}
