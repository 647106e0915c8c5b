import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import { type Attested, type Attributes, type Person, roles } from '../../../shared/domain/parties.ts'
import { time } from '../../../shared/domain/time.ts'
import { algorithms } from '../../../shared/oauth/public-jwk.ts'
import type { SigningAlgorithm } from '../../../shared/ports/keys.ts'
import { attributeNames, type Claim, type Claims } from '../../governance/people/attested.ts'
import { country, instant, region, screening, showStop, stopShown } from './common.ts'
import { lapseShown, showLapse } from './lapse.ts'

const claim = (value: z.ZodString) =>
  z.strictObject({
    value,
    expires_at: instant.meta({ description: 'At most a year ahead.' }),
  })

/** What is vouched for by whoever sends it. */
export const claimsBody = z.strictObject({
  nationality: claim(country).optional(),
  region: claim(region).optional(),
  screening: claim(screening).optional(),
})

export function toClaims(given: z.infer<typeof claimsBody>): Claims {
  const read = ({ value, expires_at }: { value: string; expires_at: string }): Claim => ({
    value,
    expiresAt: Date.parse(expires_at),
  })
  return Object.fromEntries(
    attributeNames.flatMap(name => {
      const claim = given[name]
      return claim ? [[name, read(claim)] as const] : []
    }),
  )
}

const attestedShown = z
  .object({ value: z.string(), expires_at: instant, by: z.string() })
  .meta({ id: 'Attested' })

const attributesShown = z
  .object({
    nationality: attestedShown.nullable(),
    region: attestedShown.nullable(),
    screening: attestedShown.nullable(),
  })
  .meta({ id: 'Attributes' })

const showAttributes = (attributes: Attributes): z.infer<typeof attributesShown> => {
  const show = (one: Attested | undefined): z.infer<typeof attestedShown> | null =>
    one ? { value: one.value, expires_at: time(one.expiresAt), by: one.by } : null
  const { nationality, region, screening: screened } = attributes
  return { nationality: show(nationality), region: show(region), screening: show(screened) }
}

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
    signing_keys: z
      .array(
        z.object({
          kid: z.string().meta({ description: 'The RFC 7638 thumbprint.' }),
          alg: z.enum(algorithms as [SigningAlgorithm, ...SigningAlgorithm[]]),
          jwk: z.record(z.string(), z.unknown()),
          registered_at: instant,
          ended_at: instant.nullable().meta({ description: 'Nothing is signed with it from then on.' }),
          entry: z.string(),
        }),
      )
      .meta({ description: 'Keys of their own that they sign agreements with.' }),
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
  signing_keys: showSigningKeys(person),
  stop: person.stop ? showStop(person.stop, whole, person.organisation) : null,
  lapse: person.lapse ? showLapse(person.lapse, whole) : null,
  created_at: time(person.createdAt),
  version: person.rev,
})

/** A map keeps no order of its names. */
const showSigningKeys = ({ signingKeys = {} }: Person): z.infer<typeof personShown>['signing_keys'] =>
  Object.entries(signingKeys)
    .toSorted(([a, one], [b, other]) => one.registeredAt - other.registeredAt || (a < b ? -1 : 1))
    .map(([kid, { alg, jwk, registeredAt, endedAt, entry }]) => ({
      kid,
      alg,
      jwk: { ...jwk },
      registered_at: time(registeredAt),
      ended_at: endedAt === undefined ? null : time(endedAt),
      entry,
    }))
