/**
 * The tables of who decides and who sees, read anew from their data alone: what the tests expect is not computed by the
 * code that they judge.
 */
import { modelId } from '../../scripts/demo/story.ts'
import { type ActionName, type Rule, type Who, whoDecides } from '../../shared/domain/who-decides.ts'
import { type Facts, type Relation, whoSees } from '../../shared/domain/who-sees.ts'
import { otherAuditor, otherModel, type Someone } from './matrix-people.ts'

/** Whose it is, and who decides about it, by ids of organisations. */
export interface Parties {
  readonly organisation: string
  readonly developers: readonly string[]
  readonly governments: readonly string[]
  readonly consulted?: readonly string[]
}

/** Whether somebody may ask for it at all: they fill a seat, or the rule lets them open the proposal. */
export function decides(action: ActionName, { roles, organisation }: Someone, parties: Parties): boolean {
  const { seats, asks = [] }: Rule = whoDecides[action]
  return [...seats.flat(), ...asks].some(
    ({ role, of }) => roles.includes(role) && related(of, parties).includes(organisation),
  )
}

const related = (
  of: Who['of'],
  { organisation, developers, governments, consulted = [] }: Parties,
): readonly string[] =>
  ({ subject: [organisation], developer: developers, government: governments, consulted })[of]

type Side =
  | 'owner'
  | 'developers'
  | 'governments'
  | 'about'
  | 'decidedBy'
  | 'placedBy'
  | 'offeredTo'
  | 'audits'
  | 'handedTo'
  | 'sharedWith'

/** In which of the facts an organisation has to stand. */
const sides: Readonly<Record<Relation, readonly Side[]>> = {
  nobody: [],
  own: ['owner'],
  about_itself: ['owner', 'about'],
  offered_or_granted: ['offeredTo'],
  of_its_models: ['owner', 'developers'],
  of_its_models_or_hits: ['owner', 'developers', 'about'],
  engaged: ['governments'],
  co_selected: ['owner', 'governments'],
  under_its_own_grants: ['owner'],
  decided_or_party: ['owner', 'about', 'placedBy', 'governments', 'decidedBy'],
  placed_or_decided: ['owner', 'placedBy', 'governments', 'decidedBy'],
  handed_over: ['owner', 'handedTo'],
  in_its_engagement: ['owner', 'audits'],
  in_its_engagement_or_hits: ['owner', 'about', 'audits'],
  shared: ['sharedWith'],
  deals_with: ['owner', 'about', 'developers', 'governments', 'audits'],
}

/** What each auditor here is engaged for. */
const audits: Readonly<Record<string, string>> = {
  ledger: modelId,
  [otherAuditor.organisation]: otherModel,
}

/** A role that somebody holds counts by the column of its kind, a consultant's by its own; without any there is nothing. */
export function isSeen({ organisation, kind, roles }: Someone, facts: Facts): boolean {
  const columns = new Set(roles.map(role => (role === 'consultant' ? role : kind)))
  const models = [facts.model, ...(facts.models ?? [])]
  return [...columns]
    .flatMap(column => sides[whoSees[facts.noun][column]])
    .some(side =>
      side === 'audits'
        ? kind === 'auditor' && models.some(id => id !== undefined && id === audits[organisation])
        : [facts[side]].flat().includes(organisation),
    )
}
