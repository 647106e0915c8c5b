import * as z from 'zod'
import { overlap } from '../../../shared/domain/client-keys.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Attested } from '../../../shared/domain/parties.ts'
import type { Client } from '../../../shared/domain/records.ts'
import { time } from '../../../shared/domain/time.ts'
import { algorithms } from '../../../shared/oauth/public-jwk.ts'
import { decisionBody, decisionShown } from '../decision.ts'
import { anyId, country, instant, region, screening, shortText, showStop, stopShown } from './common.ts'
import { lapseShown, showLapse } from './lapse.ts'

const states = ['enrolled', 'active', 'suspended', 'expired', 'revoked', 'compromised'] as const
const kinds = ['workload', 'agent'] as const

const attested = z.object({ value: z.string(), expires_at: instant, attested_by: z.string() })

export const clientShown = z
  .object({
    id: z.string(),
    name: z.string(),
    organisation: z.string(),
    kind: z.enum(kinds),
    operator: z.string().nullable().meta({ description: 'The client or person that answers for an agent.' }),
    state: z.enum(states),
    expires_at: instant,
    created_at: instant.nullable(),
    seen_on: z.iso.date().nullable().meta({ description: 'The last UTC day on which it was given a token.' }),
    keys: z.array(
      z.object({
        kid: z.string().meta({ description: 'RFC 7638 thumbprint.' }),
        alg: z.enum(algorithms),
        until: instant.nullable().meta({ description: 'It was replaced, and counts until then.' }),
        compromised_at: instant.nullable(),
      }),
    ),
    attributes: z.object({
      nationality: attested.nullable(),
      region: attested.nullable(),
      screening: attested.nullable().meta({ description: 'Against insider risk: a reference to it.' }),
    }),
    sponsor: z
      .object({ person: z.string(), confirmed_until: instant })
      .nullable()
      .meta({ description: 'Of a contractor’s: who answers for it, and confirms it again and again.' }),
    stop: stopShown.nullable().meta({ description: 'Why it is suspended or compromised.' }),
    lapse: lapseShown.nullable().meta({ description: 'Why it is suspended, where time did it.' }),
    version: z.int(),
  })
  .meta({ id: 'Client' })

const showAttested = (one: Attested | undefined): z.infer<typeof attested> | null =>
  one ? { value: one.value, expires_at: time(one.expiresAt), attested_by: one.by } : null

export const showClient = (client: Governed<Client>, whole: boolean): z.infer<typeof clientShown> => ({
  id: client.id,
  name: client.name,
  organisation: client.organisation,
  kind: client.kind,
  operator: client.operator ?? null,
  state: client.state,
  expires_at: time(client.expiresAt),
  created_at: client.createdAt === undefined ? null : time(client.createdAt),
  seen_on: client.seenOn === undefined ? null : time(client.seenOn * 86_400_000).slice(0, 10),
  keys: client.keys.map(({ kid, alg, until, compromisedAt }) => ({
    kid,
    alg,
    until: until === undefined ? null : time(until),
    compromised_at: compromisedAt === undefined ? null : time(compromisedAt),
  })),
  attributes: {
    nationality: showAttested(client.attributes?.nationality),
    region: showAttested(client.attributes?.region),
    screening: showAttested(client.attributes?.screening),
  },
  sponsor: client.sponsor
    ? { person: client.sponsor.person, confirmed_until: time(client.sponsor.confirmedUntil) }
    : null,
  stop: client.stop ? showStop(client.stop, whole, client.organisation) : null,
  lapse: client.lapse ? showLapse(client.lapse, whole) : null,
  version: client.rev,
})

export const confirmationBody = decisionBody.extend({
  sponsor: anyId
    .optional()
    .meta({ description: 'Who answers from now on; unless given, who has answered so far.' }),
})

export const ticketBody = z
  .discriminatedUnion('kind', [
    decisionBody.extend({
      kind: z.literal('enrol'),
      name: shortText,
      client: z.enum(kinds),
      operator: anyId
        .optional()
        .meta({ description: 'Of an agent: the client or person that answers for it.' }),
      sponsor: anyId.optional().meta({ description: 'Of a contractor’s: the person who answers for it.' }),
      expires_at: instant.optional().meta({ description: 'In a year unless given; in two at the latest.' }),
    }),
    decisionBody.extend({
      kind: z.literal('rotate'),
      client: anyId,
      overlap_hours: z
        .number()
        .min(0)
        .max(overlap.atMost / 3_600_000)
        .optional()
        .meta({ description: 'For how long the old key still counts; 24 unless given.' }),
    }),
  ])
  .meta({ id: 'ClientTicketAsked' })

export const ticketShown = decisionShown
  .extend({
    ticket: z
      .string()
      .nullable()
      .meta({ description: 'The secret: good once. It is shown here alone; null in a dry run.' }),
    ticket_expires_at: instant.nullable(),
  })
  .meta({ id: 'ClientTicket' })

const given = (value: z.ZodString) => z.strictObject({ value, expires_at: instant }).nullable().optional()

export const attributesBody = decisionBody.extend({
  nationality: given(country).meta({
    description: 'ISO 3166-1 alpha-2; null takes it away.',
  }),
  region: given(region).meta({
    description: 'ISO 3166-1 or 3166-2; null takes it away.',
  }),
  screening: given(screening).meta({
    description: 'A reference to the screening, never what it found; null takes it away.',
  }),
})

export const enrolmentBody = z
  .strictObject({
    ticket: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'it is 43 characters of base64url'),
    public_key: z
      .record(z.string(), z.unknown())
      .meta({ description: 'A public JWK (RFC 7517): P-256, P-384 or Ed25519.' }),
    proof: z.string().max(4096).meta({
      description:
        'A compact JWS by the private half of public_key: typ sallyport-enrolment+jwt; aud the issuer, iat, jti, ticket_hash.',
    }),
  })
  .meta({ id: 'EnrolmentAsked' })

export const enrolmentShown = z
  .object({
    client_id: z.string(),
    kid: z.string(),
    organisation: z.string(),
    issuer: z.string(),
    state: z.enum(states),
    expires_at: instant,
  })
  .meta({ id: 'Enrolment' })
