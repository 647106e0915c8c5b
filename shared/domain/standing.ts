/** What the one item that every admission reads stops: holds, and everything while a restored registry is looked through. */
import { isWithin } from './countries.ts'
import { isDevelopersAlone } from './model-step.ts'
import type { Client, Hold, HoldScope, Model, Standing } from './records.ts'
import { type Refusal, refuse } from './refusal.ts'
import { time } from './time.ts'

/** Whom a hold can name. For a person who is signed in, `client` is absent; where no model is involved, `model`. */
export interface Holdable {
  readonly organisation: string
  readonly client?: string
  readonly person?: string
  readonly nationality?: string
  readonly region?: string
  readonly model?: string
}

/** Whether what an organisation has stopped counts for calls of a model. Without one that is known, it does. */
export const countsAt = (
  model: Pick<Model, 'state' | 'developer'> | undefined,
  by: string | undefined,
): boolean =>
  model === undefined ||
  !isDevelopersAlone(model) ||
  by === undefined ||
  by === 'operator' ||
  by === model.developer

/** A client as holds see it. */
export function holdable({ id, organisation, operator, attributes }: Client): Holdable {
  return {
    organisation,
    client: id,
    ...(operator?.startsWith('person_') && { person: operator }),
    // Past its expiry an attestation is still the best that is known.
    ...(attributes?.nationality && { nationality: attributes.nationality.value }),
    ...(attributes?.region && { region: attributes.region.value }),
  }
}

/**
 * Whether a hold applies: all that its scope names is so. What is not known of somebody is not so, attributes that
 * nobody attested included: the dry run names those clients, and one hold on a nationality would otherwise cut off
 * everybody whose own was never asked for.
 */
export const holdMatches = (scope: HoldScope, who: Holdable): boolean =>
  (scope.organisation === undefined || scope.organisation === who.organisation) &&
  (scope.client === undefined || scope.client === who.client) &&
  (scope.person === undefined || scope.person === who.person) &&
  (scope.nationality === undefined || scope.nationality === who.nationality) &&
  (scope.region === undefined || isWithin(who.region, scope.region)) &&
  (scope.model === undefined || scope.model === who.model)

/**
 * The first hold that is in force for them. Of a model that is released, only one of its developer's, or of an operator,
 * who acts for the developer, counts.
 */
export function judgeHolds(
  standing: Standing | undefined,
  who: Holdable,
  now: number,
  model?: Pick<Model, 'state' | 'developer'>,
): Refusal | undefined {
  if (standing === undefined) return standingMissing()
  const hold = Object.entries(standing.holds).find(
    ([, { scope, until, by }]) =>
      holdMatches(scope, who) && (until === undefined || until > now) && countsAt(model, by),
  )
  return hold && heldBy(hold)
}

/** Seconds: somebody looks through the log meanwhile. */
const restoringRetryAfter = 60

/**
 * Nothing where the records are what was decided last. Judged before any of them: a restored one may say that somebody
 * is active who was stopped since. People are not stopped by it; they have to be able to stop others.
 */
export function judgeRestoring({ restoring }: Standing): Refusal | undefined {
  if (restoring === undefined) return undefined
  return refuse('restoring', `They are looked through since ${time(restoring.since)}.`, {
    retryAfter: restoringRetryAfter,
  })
}

export const standingMissing = (): Refusal => refuse('store_unavailable', 'The standing record is missing.')

const heldBy = ([id, hold]: [string, Hold]): Refusal =>
  refuse('hold_active', `The hold ${id} is in force: ${hold.reason}${placer(hold)}.`)

/** One that has come to hit somebody since it was placed is in no list of theirs: they know whom to ask all the same. */
const placer = ({ by }: Hold): string =>
  by === undefined ? '' : by === 'operator' ? ', placed by an operator' : `, placed by ${by}`
