/**
 * Whether a person may go on, by the records as they stand. What their roles let them decide is judged elsewhere;
 * missing or unknown state refuses.
 */

import type { Organisation, Person, Session } from './parties.ts'
import { sessionLimits, standingText } from './parties.ts'
import type { HoldScope, Spent, Standing } from './records.ts'
import { Refusal, refuse } from './refusal.ts'
import { holdMatches } from './standing.ts'
import { appealOfSuspension, suspendedAs } from './suspension.ts'
import { time } from './time.ts'

/** What a verified token of a person says of its bearer. */
export interface PersonCaller {
  readonly person: string
  readonly organisation: string
  readonly session: string
  readonly tokenId: string
  /** The key that signed the token. */
  readonly signedBy: string
}

/** The records about a person, from one strongly consistent read. */
export interface PersonRecords {
  readonly standing: Standing | undefined
  readonly person: Person | undefined
  readonly organisation: Organisation | undefined
}

export interface PersonSessionRecords extends PersonRecords {
  readonly session: Session | undefined
  readonly revokedToken: Spent | undefined
}

export interface Member {
  readonly person: Person
  readonly organisation: Organisation
  /** The earliest time at which it ends by itself, milliseconds; absent: nothing of it does. */
  readonly until?: number
}

export interface PersonAuthority extends Member {
  readonly session: Session
  readonly until: number
}

/** Token, person, organisation and session. A token's own expiry is judged where it is verified. */
export function authorisePerson(
  caller: PersonCaller,
  records: PersonSessionRecords,
  now: number,
): PersonAuthority | Refusal {
  const { standing, session } = records
  if (standing === undefined) return refuse('store_unavailable', 'The standing record is missing.')
  if (standing.compromised[caller.signedBy] !== undefined)
    return refuse('key_compromised', `The token was signed with the key ${caller.signedBy}.`)
  if (records.revokedToken !== undefined)
    return refuse('token_revoked', 'The token was revoked by its owner.')

  const member = judgePerson(caller, records, now)
  if (member instanceof Refusal) return member
  if (
    session === undefined ||
    session.id !== caller.session ||
    session.person !== caller.person ||
    session.organisation !== caller.organisation
  )
    return refuse('session_ended', 'There is no such session of this person.')
  const until = judgeSession(session, now)
  if (until instanceof Refusal) return until
  if (session.sessionsFrom !== member.organisation.sessionsFrom)
    return refuse('session_ended', 'The organisation has changed its provider since.')
  return { ...member, session, until: Math.min(until, member.until ?? Infinity) }
}

/** A person and their organisation, also where there is no session yet. */
export function judgePerson(
  caller: Pick<PersonCaller, 'person' | 'organisation'>,
  { standing, person, organisation }: PersonRecords,
  now: number,
): Member | Refusal {
  if (standing === undefined) return refuse('store_unavailable', 'The standing record is missing.')
  if (person === undefined || person.id !== caller.person || person.organisation !== caller.organisation)
    return refuse('person_suspended', 'The person is not enrolled in this organisation.')
  if (person.state !== 'active')
    return refuse(
      'person_suspended',
      `The person is ${suspendedAs(person)}.`,
      appealOfSuspension(person, organisation),
    )
  const { sponsor } = person
  if (sponsor && sponsor.confirmedUntil <= now)
    return refuse('person_suspended', `The sponsor had to confirm by ${time(sponsor.confirmedUntil)}.`)

  const admitted = judgeMembership(organisation)
  if (admitted instanceof Refusal) return admitted
  if (admitted.id !== caller.organisation)
    return refuse('organisation_suspended', 'The organisation is not registered.')

  const held = Object.entries(standing.holds).find(
    ([, { scope, until }]) =>
      holdsPerson(scope, person, admitted.kind) && (until === undefined || until > now),
  )
  if (held) return refuse('hold_active', `The hold ${held[0]} is in force: ${held[1].reason}.`)
  return { person, organisation: admitted, ...(sponsor && { until: sponsor.confirmedUntil }) }
}

/**
 * An organisation whose people may sign in. Those of a partner that is not, or no longer, active may: they read the
 * reasons and appeal. Its workloads are judged elsewhere.
 */
export function judgeMembership(organisation: Organisation | undefined): Organisation | Refusal {
  if (organisation === undefined)
    return refuse('organisation_suspended', 'The organisation is not registered.')
  if (organisation.state !== 'active')
    return refuse('organisation_suspended', `${organisation.name} is ${organisation.state}.`)
  if (organisation.kind !== 'partner') return organisation
  switch (organisation.partner) {
    case 'nominated':
    case 'vetting':
    case 'selected':
    case 'active':
    case 'suspended':
    case 'revoked':
    case 'reinstated':
      return organisation
    default:
      return refuse('partner_revoked', standingText(organisation))
  }
}

/** When it ends unless it is used, milliseconds. */
export function judgeSession(session: Session, now: number): number | Refusal {
  if (session.state !== 'active') return refuse('session_ended', 'The session was ended.')
  if (session.endsAt <= now) return refuse('session_ended', `It ended at ${time(session.endsAt)}.`)
  const idleUntil = session.usedAt + sessionLimits.idleMs
  if (idleUntil <= now)
    return refuse('session_ended', `It was not used since ${time(session.usedAt)}, and has ended.`)
  return Math.min(session.endsAt, idleUntil)
}

/**
 * A hold on an organisation alone stops calls, not its people: they have to see it and answer to it. One that names a
 * client or a model is about calls as well. And none stops the people of a developer, whose release waits on nobody:
 * its own administrators suspend them.
 */
export function holdsPerson(
  scope: HoldScope,
  { id, organisation, attributes }: Person,
  kind: Organisation['kind'],
): boolean {
  if (kind === 'developer') return false
  if (scope.person === undefined && scope.nationality === undefined && scope.region === undefined)
    return false
  return holdMatches(scope, {
    organisation,
    person: id,
    ...(attributes?.nationality && { nationality: attributes.nationality.value }),
    ...(attributes?.region && { region: attributes.region.value }),
  })
}
