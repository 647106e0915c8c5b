import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import {
  type Organisation,
  organisationKinds,
  type Provider,
  partnerStates,
} from '../../../shared/domain/parties.ts'
import { time } from '../../../shared/domain/time.ts'
import { anyId, instant, shortText } from './common.ts'

/** One of these proves that a sign-in could not be phished; without any, nobody could sign in. */
const methods = z.array(shortText).max(10)

export const providerBody = z
  .strictObject({
    issuer: z.string().max(500).meta({ description: 'As it stands in its metadata and in iss: https.' }),
    client_id: shortText.meta({ description: 'How the provider knows this deployment.' }),
    authentication: z.enum(['private_key_jwt', 'none']).meta({
      description:
        'private_key_jwt: the provider reads the key from this deployment’s JWKS. none: PKCE alone.',
    }),
    phishing_resistant: z
      .strictObject({ acr: methods, amr: methods })
      .refine(({ acr, amr }) => acr.length + amr.length > 0, 'name a value of acr or amr')
      .meta({ description: 'Values of acr or amr that say that a sign-in could not be phished.' }),
  })
  .meta({ id: 'Provider' })

export const toProvider = (body: z.infer<typeof providerBody>): Provider => ({
  issuer: body.issuer,
  clientId: body.client_id,
  authentication: body.authentication,
  phishingResistant: body.phishing_resistant,
})

const showProvider = (provider: Provider): z.infer<typeof providerBody> => ({
  issuer: provider.issuer,
  client_id: provider.clientId,
  authentication: provider.authentication,
  phishing_resistant: {
    acr: [...provider.phishingResistant.acr],
    amr: [...provider.phishingResistant.amr],
  },
})

export const organisationShown = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(organisationKinds),
    state: z
      .enum([...partnerStates])
      .meta({ description: 'Of a partner, as such; else active or suspended.' }),
    version: z.int(),
  })
  .meta({ id: 'Organisation' })

export const showOrganisation = (one: Governed<Organisation>): z.infer<typeof organisationShown> => ({
  id: one.id,
  name: one.name,
  kind: one.kind,
  state: one.kind === 'partner' && one.state === 'active' ? one.partner : one.state,
  version: one.rev,
})

const webhookShown = z
  .object({ id: z.string(), url: z.string(), created_at: instant, disabled_at: instant.nullable() })
  .meta({ id: 'Webhook' })

export const organisationWhole = organisationShown
  .extend({
    developers: z.array(z.string()).nullable().meta({ description: 'Who decides about it together.' }),
    governments: z.array(z.string()).nullable(),
    audits: z.array(z.string()).nullable().meta({ description: 'Of an auditor: the models that it audits.' }),
    provider: providerBody
      .nullable()
      .meta({ description: 'Told to its own people and to those who decide about it.' }),
    takes_findings: z.boolean().meta({ description: 'A clearinghouse: findings can be handed to it.' }),
    clearinghouse: z
      .object({ url: z.string(), set_at: instant })
      .nullable()
      .meta({ description: 'Told to its own administrators and to the developers that decide about it.' }),
    webhooks: z.array(webhookShown).nullable().meta({ description: 'Told to its own administrators.' }),
  })
  .meta({ id: 'OrganisationWhole' })

export interface Told {
  /** Its own people, and those who decide about it. */
  readonly decides: boolean
  /** Its own administrators. */
  readonly administers: boolean
  /** They, and the developers that decide about it. */
  readonly handsOff: boolean
}

export const showWhole = (
  one: Governed<Organisation>,
  { decides, administers, handsOff }: Told,
): z.infer<typeof organisationWhole> => ({
  ...showOrganisation(one),
  developers: decides ? [...(one.developers ?? [])] : null,
  governments: decides ? [...(one.governments ?? [])] : null,
  audits: decides && one.kind === 'auditor' ? [...(one.audits ?? [])] : null,
  provider: decides && one.provider ? showProvider(one.provider) : null,
  takes_findings: one.clearinghouse !== undefined,
  clearinghouse:
    handsOff && one.clearinghouse
      ? { url: one.clearinghouse.url, set_at: time(one.clearinghouse.setAt) }
      : null,
  webhooks: administers
    ? Object.entries(one.webhooks ?? {}).map(([id, { url, createdAt, disabledAt }]) => ({
        id,
        url,
        created_at: time(createdAt),
        disabled_at: disabledAt === undefined ? null : time(disabledAt),
      }))
    : null,
})

export const moveBody = z.strictObject({
  person: anyId,
  subject: z.string().min(1).max(255).meta({ description: '`sub` at the new provider.' }),
})

export const webhookSecretShown = z
  .object({ id: z.string(), secret: z.string().meta({ description: 'Of Standard Webhooks: whsec_…' }) })
  .meta({ id: 'WebhookSecret' })
