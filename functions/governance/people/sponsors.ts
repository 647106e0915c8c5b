/** Who answers for a contractor: somebody of the same organisation, who is no contractor themselves. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Person } from '../../../shared/domain/parties.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Rules } from '../../../shared/domain/rules.ts'
import type { Store } from '../../../shared/ports/store.ts'

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
  if (sponsor.state !== 'active') return wrong(`${sponsor.name} is ${sponsor.state} and answers for nobody.`)
  if (sponsor.sponsor) return wrong(`${sponsor.name} is a contractor, and answers for nobody.`)
  return sponsor
}

/** Milliseconds since the epoch. */
export const confirmedUntil = ({ confirmationDays }: Rules, now: number): number =>
  now + confirmationDays * 86_400_000
