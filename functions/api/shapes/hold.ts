import * as z from 'zod'
import type { HoldRecord } from '../../../shared/domain/holds.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import { time } from '../../../shared/domain/time.ts'
import { isOnlyHit, type Viewer } from '../../../shared/domain/who-sees.ts'
import { holdFacts } from '../../governance/holds/holds.ts'
import { ownHit } from '../../log/entry-view.ts'
import {
  anyId,
  country,
  effects,
  instant,
  reasonShown,
  region,
  showEffects,
  showReason,
  showSignature,
  showStop,
  signature,
  stopShown,
} from './common.ts'

/** A conjunction: a call is held that matches every field that is named. */
export const holdScope = z
  .strictObject({
    model: anyId.optional(),
    organisation: anyId.optional(),
    client: anyId.optional(),
    person: anyId.optional(),
    nationality: country.optional(),
    region: region.optional(),
  })
  .refine(scope => Object.values(scope).some(value => value !== undefined), 'name at least one of its fields')
  .meta({ id: 'HoldScope' })

export const holdShown = z
  .object({
    id: z.string(),
    state: z.enum(['active', 'lifted', 'lapsed']),
    scope: holdScope,
    reason: reasonShown,
    placed_by: signature,
    placed_at: instant,
    until: instant.nullable().meta({ description: 'When it lapses by itself.' }),
    concurred: signature.nullable(),
    stop: stopShown,
    effects: effects.nullable().meta({ description: 'Null for whoever it only hits, and does not name.' }),
    hit: z
      .object({ clients: z.int(), people: z.int().nullable() })
      .nullable()
      .meta({ description: 'What it stopped of your own organisation when it was placed.' }),
    shown: z
      .string()
      .nullable()
      .meta({ description: 'Null where something that it is the digest of is not for you.' }),
    ended: z.object({ at: instant, by: signature.nullable(), reason: reasonShown.nullable() }).nullable(),
    version: z.int(),
  })
  .meta({ id: 'Hold' })

export function showHold(
  hold: Governed<HoldRecord>,
  viewer: Viewer,
  whole: boolean,
): z.infer<typeof holdShown> {
  const { ended, subject } = hold
  const own = ownHit(viewer, subject.hit)
  const onlyHit = isOnlyHit(viewer, holdFacts(hold))
  return {
    id: hold.id,
    state: hold.state,
    scope: hold.scope,
    reason: showReason(hold.reason, whole),
    placed_by: showSignature(hold.placedBy),
    placed_at: time(hold.placedAt),
    until: hold.until === undefined ? null : time(hold.until),
    concurred: hold.concurred ? showSignature(hold.concurred) : null,
    // It is for partners to appeal.
    stop: showStop(hold.stop, whole, viewer.kind === 'partner' ? viewer.organisation : undefined),
    effects: onlyHit ? null : showEffects(hold.effects),
    hit: own ? { clients: own.clients ?? 0, people: own.people ?? null } : null,
    shown: onlyHit || (hold.reason.sealed && !whole) ? null : hold.shown,
    ended: ended
      ? {
          at: time(ended.at),
          by: ended.by ? showSignature(ended.by) : null,
          reason: ended.reason ? showReason(ended.reason, whole) : null,
        }
      : null,
    version: hold.rev,
  }
}
