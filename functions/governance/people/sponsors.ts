/** Who answers for a contractor or a contractor's client: somebody of the same organisation, who is no contractor themselves. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { adminOf, type Organisation, type Person, type Sponsor } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Rules } from '../../../shared/domain/rules.ts'
import type { Reason } from '../../../shared/domain/stop.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Store } from '../../../shared/ports/store.ts'
import type { Actor } from '../engine/plan.ts'

/** `field` is named in the refusal, which is the same for whoever is not there and for those of others. */
export async function readSponsor(
  store: Store,
  id: string,
  organisation: string,
  field: string,
): Promise<Governed<Person> | Refusal> {
  const [sponsor] = await store.get([keys.person(id)])
  const wrong = (detail: string): Refusal => refuse('body_malformed', detail, { field })
  if (sponsor === undefined || sponsor.organisation !== organisation)
    return wrong(`There is no person ${id} in this organisation.`)
  const unfit = whyUnfit(sponsor)
  return unfit === undefined ? sponsor : wrong(`${sponsor.name} is ${unfit}, and answers for nobody.`)
}

/** Of a client, as above. */
export async function readClientSponsor(
  store: Store,
  id: string,
  organisation: string,
  field: string,
): Promise<Governed<Person> | Refusal> {
  const sponsor = await readSponsor(store, id, organisation, field)
  if (sponsor instanceof Refusal || seesClients(sponsor)) return sponsor
  const detail = `${sponsor.name} holds no role that sees clients and confirms them, and answers for none.`
  return refuse('body_malformed', detail, { field })
}

/** Whether somebody answers for others of `organisation` now. */
export const answersFor = (sponsor: Person | undefined, organisation: string): boolean =>
  sponsor !== undefined && sponsor.organisation === organisation && whyUnfit(sponsor) === undefined

export const answersForClients = (sponsor: Person | undefined, organisation: string): boolean =>
  sponsor !== undefined && answersFor(sponsor, organisation) && seesClients(sponsor)

/** Whoever consults, or holds no role, is shown no client: what they answered for they could not confirm. */
const seesClients = ({ roles }: Person): boolean => roles.some(role => role !== 'consultant')

const whyUnfit = ({ state, sponsor }: Person): string | undefined =>
  state !== 'active' ? state : sponsor ? 'a contractor' : undefined

/** The sponsor may have no role that administers; to name another one takes an administrator. */
export function judgeConfirming(
  actor: Actor,
  { id, kind }: Pick<Organisation, 'id' | 'kind'>,
  sponsor: Sponsor,
  named: string | undefined,
): Refusal | undefined {
  const own = actor.organisation.id === id
  if (own && actor.person.roles.includes(adminOf[kind])) return undefined
  if (own && sponsor.person === actor.person.id && (named === undefined || named === actor.person.id))
    return undefined
  return refuse('role_missing', 'The sponsor confirms, or an administrator of the same organisation.')
}

/** Why whoever was not confirmed in time is suspended. */
export const confirmationMissed = ({ confirmedUntil }: Sponsor): Reason => ({
  code: 'confirmation_missed',
  text: `The sponsor’s confirmation ended at ${time(confirmedUntil)}.`,
})

/** Milliseconds since the epoch. */
export const confirmedUntil = ({ confirmationDays }: Rules, now: number): number =>
  now + confirmationDays * 86_400_000
