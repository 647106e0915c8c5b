import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import { type Attributes, type Person, roles } from '../../../shared/domain/parties.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Claim, Claims } from '../../governance/people/attested.ts'
import { country, instant, region, showStop, stopShown } from './common.ts'
import { lapseShown, showLapse } from './lapse.ts'

const claim = (value: typeof country) =>
  z.strictObject({
    value,
    expires_at: instant.meta({ description: 'At most a year ahead.' }),
  })

/** What is vouched for by whoever sends it. */
export const claimsBody = z.strictObject({
  nationality: claim(country).optional(),
  region: claim(region).optional(),
})

export function toClaims({ nationality, region }: z.infer<typeof claimsBody>): Claims {
  const read = ({ value, expires_at }: { value: string; expires_at: string }): Claim => ({
    value,
    expiresAt: Date.parse(expires_at),
  })
  return {
    ...(nationality && { nationality: read(nationality) }),
    ...(region && { region: read(region) }),
  }
}

const attestedShown = z
  .object({ value: z.string(), expires_at: instant, by: z.string() })
  .meta({ id: 'Attested' })

const attributesShown = z
  .object({ nationality: attestedShown.nullable(), region: attestedShown.nullable() })
  .meta({ id: 'Attributes' })

const showAttributes = ({ nationality, region }: Attributes): z.infer<typeof attributesShown> => ({
  nationality: nationality
    ? { value: nationality.value, expires_at: time(nationality.expiresAt), by: nationality.by }
    : null,
  region: region ? { value: region.value, expires_at: time(region.expiresAt), by: region.by } : null,
})

export const personShown = z
  .object({
    id: z.string(),
    name: z.string(),
    organisation: z.string(),
    roles: z.array(z.enum(roles)),
    state: z.enum(['active', 'suspended', 'removed']),
    sponsor: z
      .object({ person: z.string(), confirmed_until: instant })
      .nullable()
      .meta({ description: 'Of a contractor: who answers for them.' }),
    attributes: attributesShown.nullable().meta({
      description: 'Told to themselves, their administrators, and those who select their partner.',
    }),
    identity: z
      .object({ issuer: z.string(), subject: z.string() })
      .nullable()
      .meta({ description: 'Who they are at their provider; told as the attributes are.' }),
    stop: stopShown.nullable().meta({ description: 'Why they are suspended.' }),
    lapse: lapseShown.nullable().meta({ description: 'Why they are suspended, where time did it.' }),
    created_at: instant,
    version: z.int(),
  })
  .meta({ id: 'Person' })

/** `closely`: what is personal too. `whole`: sealed words too. */
export const showPerson = (
  person: Governed<Person>,
  { closely, whole }: { readonly closely: boolean; readonly whole: boolean },
): z.infer<typeof personShown> => ({
  id: person.id,
  name: person.name,
  organisation: person.organisation,
  roles: [...person.roles],
  state: person.state,
  sponsor: person.sponsor
    ? { person: person.sponsor.person, confirmed_until: time(person.sponsor.confirmedUntil) }
    : null,
  attributes: closely ? showAttributes(person.attributes ?? {}) : null,
  identity: closely ? { issuer: person.issuer, subject: person.subject } : null,
  stop: person.stop ? showStop(person.stop, whole, person.organisation) : null,
  lapse: person.lapse ? showLapse(person.lapse, whole) : null,
  created_at: time(person.createdAt),
  version: person.rev,
})
