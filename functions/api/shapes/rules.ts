import * as z from 'zod'
import { type Rules, ruleBounds } from '../../../shared/domain/rules.ts'
import type { RuleChange } from '../../governance/rules.ts'

const within = ([least, most]: readonly [number, number], what: string) =>
  z.int().min(least).max(most).meta({ description: what })

const fields = {
  proposal_hours: within(ruleBounds.proposalHours, 'How long a proposal waits for its signatures.'),
  ratify_hours: within(ruleBounds.ratifyHours, 'For a second person to stand by a stop.'),
  government_hold_days: within(
    ruleBounds.governmentHoldDays,
    'A government hold lapses after that unless the developer concurs.',
  ),
  confirmation_days: within(ruleBounds.confirmationDays, 'How long a sponsor’s confirmation holds.'),
  inactivity_days: within(
    ruleBounds.inactivityDays,
    'A client that asks for no token for so long is suspended.',
  ),
  fresh_minutes: within(ruleBounds.freshMinutes, 'How fresh a sign-in must be to approve.'),
}

export const rulesBody = z
  .strictObject(fields)
  .partial()
  .refine(given => Object.keys(given).length > 0, 'name at least one rule')
  .meta({ id: 'RulesChange' })

export const rulesShown = z.object({ version: z.int(), ...fields }).meta({ id: 'Rules' })

export const showRules = (rules: Rules): z.infer<typeof rulesShown> => ({
  version: rules.version,
  proposal_hours: rules.proposalHours,
  ratify_hours: rules.ratifyHours,
  government_hold_days: rules.governmentHoldDays,
  confirmation_days: rules.confirmationDays,
  inactivity_days: rules.inactivityDays,
  fresh_minutes: rules.freshMinutes,
})

export const toRuleChange = (given: z.infer<typeof rulesBody>): RuleChange => ({
  ...(given.proposal_hours !== undefined && { proposalHours: given.proposal_hours }),
  ...(given.ratify_hours !== undefined && { ratifyHours: given.ratify_hours }),
  ...(given.government_hold_days !== undefined && { governmentHoldDays: given.government_hold_days }),
  ...(given.confirmation_days !== undefined && { confirmationDays: given.confirmation_days }),
  ...(given.inactivity_days !== undefined && { inactivityDays: given.inactivity_days }),
  ...(given.fresh_minutes !== undefined && { freshMinutes: given.fresh_minutes }),
})
