import * as z from 'zod'
import { agreementMachine } from '../../../shared/domain/agreement-step.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Agreement, Grant, GrantEnd } from '../../../shared/domain/records.ts'
import { appealCommand } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import type { GrantWords } from '../../governance/grants/grant-request.ts'
import type { Quota } from '../quota.ts'
import { anyId, chosenId, instant, reasonShown, showReason, showStop, stopShown } from './common.ts'
import { limitsBody, limitsShown } from './limits.ts'

export const grantStates = ['requested', 'approved', 'active', 'suspended', 'expired', 'revoked'] as const

/** What is asked for. */
export const grantBody = z.strictObject({
  organisation: anyId,
  model: chosenId,
  agreement: anyId,
  limits: limitsBody,
  starts_at: instant.optional().meta({ description: 'Absent: once it is decided.' }),
  expires_at: instant,
  pools: z
    .array(anyId)
    .max(4)
    .optional()
    .meta({ description: 'Budgets that other grants are charged to as well.' }),
}) satisfies z.ZodType<GrantWords>

/** Of one meter: what may be spent, and what is. */
const quotaShown = z
  .object({
    meter: z.string(),
    shared: z.enum(['pool', 'agreement']).nullable(),
    state: z.string(),
    limits: limitsShown,
    remaining: z.int(),
    used: z.int(),
    reserved: z.int(),
    streams_in_use: z.int(),
    day_used: z.int(),
    binding: z
      .string()
      .nullable()
      .meta({ description: 'What would refuse even one token now: what stops any call, or a limit.' }),
  })
  .meta({ id: 'GrantQuota' })

const showQuota = (quota: Quota): z.infer<typeof quotaShown> => ({
  meter: quota.meter,
  shared: quota.shared,
  state: quota.state,
  limits: { ...quota.limits },
  remaining: quota.remaining,
  used: quota.used,
  reserved: quota.reserved,
  streams_in_use: quota.streams_in_use,
  day_used: quota.day_used,
  binding: quota.binding,
})

export const grantShown = z
  .object({
    id: z.string(),
    organisation: z.string(),
    model: z.string(),
    agreement: z.string(),
    agreement_state: z
      .enum(agreementMachine.states)
      .meta({ description: 'Nothing is admitted under one that is not effective.' }),
    state: z.enum(grantStates),
    starts_at: instant,
    expires_at: instant,
    mission_continuity: z
      .boolean()
      .meta({ description: 'A mission hangs on it: it takes two people even to suspend it.' }),
    stop: stopShown.nullable().meta({ description: 'Why it is suspended.' }),
    ended: z
      .object({
        how: z.enum(['declined', 'withdrawn', 'timed_out', 'revoked']),
        at: instant,
        reason: reasonShown.nullable(),
        entry: z.string().meta({ description: 'The entry that records it.' }),
        appeal: z
          .string()
          .nullable()
          .meta({ description: 'For a partner: the command by which it appeals, once.' }),
      })
      .nullable()
      .meta({ description: 'The decision by which it ended; null where its term did, and before.' }),
    quota: z.array(quotaShown).meta({ description: 'One for each meter that calls are charged to.' }),
    version: z.int(),
  })
  .meta({ id: 'Grant' })

/** Whoever is not shown the whole of it is the partner whose grant it is. */
const showEnd = ({ how, at, reason, entry }: GrantEnd, whole: boolean) => ({
  how,
  at: time(at),
  reason: reason ? showReason(reason, whole) : null,
  entry,
  appeal: !whole && (how === 'declined' || how === 'revoked') ? appealCommand(entry) : null,
})

export const showGrant = (
  { grant, whole }: { readonly grant: Governed<Grant>; readonly whole: boolean },
  agreementState: Agreement['state'],
  quotas: readonly Quota[],
): z.infer<typeof grantShown> => ({
  id: grant.id,
  organisation: grant.organisation,
  model: grant.model,
  agreement: grant.agreement,
  agreement_state: agreementState,
  state: grant.state,
  starts_at: time(grant.startsAt),
  expires_at: time(grant.expiresAt),
  mission_continuity: grant.missionContinuity === true,
  stop: grant.stop ? showStop(grant.stop, whole, grant.organisation) : null,
  ended: grant.ended ? showEnd(grant.ended, whole) : null,
  quota: quotas.filter(one => one.grant === grant.id).map(showQuota),
  version: grant.rev,
})
