/** Who signs a decision, judged by the records: what they see, which role fits, how fresh their sign-in is. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Person, Role } from '../../../shared/domain/parties.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Rules } from '../../../shared/domain/rules.ts'
import type { Signature } from '../../../shared/domain/stop.ts'
import { type ActionName, roleFor, ruleOf, type Who } from '../../../shared/domain/who-decides.ts'
import type { Store } from '../../../shared/ports/store.ts'
import type { Actor } from './plan.ts'

/** The role in which somebody can act on it; the refusal names those who can. */
export function judgeRole(name: ActionName, { person }: Actor, subject: Subject): Role | Refusal {
  const role = roleFor(name, { person: person.id, ...person }, subject)
  if (role !== undefined) return role
  const { seats } = ruleOf(name)
  return refuse('role_missing', `${name} takes ${seats.map(offices).join(' and ')}.`)
}

/** A seat in words: `developer-admin or counsel of its developer, or nsa-admin of the government`. */
export function offices(seat: readonly Who[]): string {
  const relations = [...new Set(seat.map(({ of }) => of))]
  const texts = relations.map(of => {
    const roles = seat.filter(who => who.of === of).map(({ role }) => role)
    return `${orList.format(roles)} of ${ofWhom[of]}`
  })
  return texts.join(texts.length === seat.length ? ' or ' : ', or ')
}

const orList = new Intl.ListFormat('en-GB', { type: 'disjunction' })

const ofWhom: Readonly<Record<Who['of'], string>> = {
  subject: 'its own organisation',
  developer: 'its developer',
  government: 'the government',
  consulted: 'an office that it is shared with',
}

/** Where the rule asks for it: approving and signing do, stopping never does. */
export function judgeFresh(
  name: ActionName,
  { authTime }: Actor,
  rules: Rules,
  now: number,
): Refusal | undefined {
  if (!ruleOf(name).fresh || now - authTime <= rules.freshMinutes * 60_000) return undefined
  const detail = `It asks for a sign-in of the last ${rules.freshMinutes} minutes.`
  return refuse('fresh_sign_in_required', detail).under({ rules: rules.version })
}

export const sign = (
  { person, organisation, authTime, acr }: Actor,
  role: Signature['role'],
  now: number,
): Signature => ({
  person: person.id,
  name: person.name,
  organisation: organisation.id,
  role,
  at: now,
  authTime,
  ...(acr !== undefined && { acr }),
})

export interface Signer {
  readonly signature: Signature
  readonly person: Governed<Person>
}

/**
 * The signatures that count still. Between two signatures lie days: one of somebody who was stopped, or who lost the
 * role in which they signed, fills no seat any more.
 */
export async function readSigners(
  store: Store,
  signatures: readonly Signature[],
  now: number,
): Promise<readonly Signer[]> {
  const people = await store.get(signatures.map(({ person }) => keys.person(person)))
  return signatures.flatMap((signature, i) => {
    const person = people[i]
    const holds =
      person?.state === 'active' &&
      person.organisation === signature.organisation &&
      person.roles.some(role => role === signature.role) &&
      (person.sponsor === undefined || person.sponsor.confirmedUntil > now)
    return holds && person ? [{ signature, person }] : []
  })
}
