/** `person.add`: somebody is enrolled by who they are at their organisation's provider. Of itself it gives no right. */
import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import type { Organisation, Person } from '../../../shared/domain/parties.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { itemAbsent, type Store } from '../../../shared/ports/store.ts'
import type { Definition, Planning } from '../engine/plan.ts'
import { factsOf, viewerOf } from '../engine/sight.ts'
import { organisationSubject } from '../engine/subjects.ts'
import { identityPut } from '../organisations/identities.ts'
import { attested, type Claims, judgeClaims } from './attested.ts'
import {
  administers,
  judgeOpen,
  personSubject,
  readOrganisation,
  readPeople,
  stays,
  takesIn,
} from './members.ts'
import { confirmedUntil, readSponsor } from './sponsors.ts'

export interface Enrolment {
  readonly organisation: string
  readonly name: string
  /** `sub` at the organisation's provider. */
  readonly subject: string
  /** Of a contractor: the person who answers for them. */
  readonly sponsor?: string
  readonly attributes?: Claims
}

export const add: Definition = {
  async plan({ store }, { id, params }, planning) {
    const { name, subject, sponsor: sponsorId, attributes, ...asked } = params as unknown as Enrolment
    const { now, rules } = planning
    const organisation = await readOrganisation(store, asked.organisation)
    if (organisation instanceof Refusal) return organisation
    const refused =
      (await judgeEnrolling(store, organisation, planning)) ??
      (attributes && judgeAttesting(organisation, attributes, planning))
    if (refused) return refused
    if (organisation.provider === undefined)
      return refuse('state_forbids', `${organisation.name} has no provider yet: nobody could sign in.`)
    const { issuer } = organisation.provider
    const identity = await identityPut(store, { id, issuer, subject }, 'subject')
    if (identity instanceof Refusal) return identity
    const sponsor =
      sponsorId === undefined ? undefined : await readSponsor(store, sponsorId, organisation.id, 'sponsor')
    if (sponsor instanceof Refusal) return sponsor

    const person: Governed<Person> = {
      id,
      name,
      organisation: organisation.id,
      issuer,
      subject,
      roles: [],
      state: 'active',
      ...(sponsor && { sponsor: { person: sponsor.id, confirmedUntil: confirmedUntil(rules, now) } }),
      createdAt: now,
      rev: 1,
      ...listed('person', organisation.id, id),
    }
    return {
      subject: { ...personSubject({ person, organisation }), rev: 0 },
      difference: [{ field: 'state', from: null, to: 'active' }],
      writes: carried => [
        {
          kind: 'put',
          key: keys.person(id),
          item: {
            ...person,
            ...(attributes && { attributes: attested(attributes, carried.by.person) }),
          },
          if: itemAbsent,
        },
        ...identity,
        // Its issuer is the one that the identity was made with.
        takesIn(organisation),
        ...(sponsor ? stays(sponsor, carried) : []),
      ],
      told: { type: 'person.added', text: `${name} is enrolled at ${organisation.name}.` },
    }
  },
}

/** Those who decide about an organisation enrol its first people; then its own administrators do. */
async function judgeEnrolling(
  store: Store,
  organisation: Governed<Organisation>,
  { actor, now }: Planning,
): Promise<Refusal | undefined> {
  const own = actor === undefined || actor.organisation.id === organisation.id
  if (!own && !sees(viewerOf(actor), factsOf('organisation', organisationSubject(organisation))))
    return unknownRecord('organisation', organisation.id)
  const closed = judgeOpen(organisation)
  if (closed || own) return closed
  const people = await readPeople(store, organisation.id)
  return people.some(one => administers(one, organisation, now))
    ? refuse('role_missing', `${organisation.name} has administrators: they enrol its people.`)
    : undefined
}

function judgeAttesting(
  organisation: Organisation,
  claims: Claims,
  { actor, now }: Planning,
): Refusal | undefined {
  if (actor && actor.organisation.id !== organisation.id)
    return refuse('role_missing', 'Attributes are attested by an administrator of their own organisation.')
  return judgeClaims(claims, now)
}
