import * as z from 'zod'
import { organisationKinds, roles } from '../../../shared/domain/parties.ts'
import { instant, stopShown } from './common.ts'

const limits = z.object({
  total: z.int(),
  per_day: z.int().nullable(),
  rpm: z.int(),
  burst: z.int(),
  streams: z.int(),
})

export const quotaShown = z
  .object({
    model: z.string(),
    grant: z.string(),
    agreement: z.string(),
    meter: z.string(),
    shared: z.enum(['pool', 'agreement']).nullable(),
    state: z.string(),
    limits,
    remaining: z.int(),
    used: z.int(),
    reserved: z.int(),
    streams_in_use: z.int(),
    day_used: z.int(),
    binding: z.string().nullable().meta({ description: 'The limit that would refuse even one token now.' }),
    refused: z
      .object({ code: z.string(), detail: z.string(), next: z.string() })
      .nullable()
      .meta({ description: 'What any call would be answered now, whatever is left: a hold, a suspension.' }),
    expires_at: instant,
  })
  .meta({ id: 'Quota' })

const organisation = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(organisationKinds),
  state: z.string(),
})

const noticesShown = z
  .array(
    z
      .object({
        agreement: z.string(),
        title: z.string(),
        text: z.string().nullable().meta({ description: 'What the version in force says.' }),
        command: z.string().meta({ description: 'By which an administrator acknowledges it.' }),
      })
      .meta({ id: 'NoticeToAcknowledge' }),
  )
  .meta({ description: 'Nobody has acknowledged them yet: until then no call is admitted under them.' })

export const workloadMe = z
  .object({
    client: z.object({
      id: z.string(),
      name: z.string(),
      kind: z.enum(['workload', 'agent']),
      organisation: z.string(),
    }),
    organisation,
    quota: z.array(quotaShown),
    notices_to_acknowledge: noticesShown,
  })
  .meta({ id: 'WorkloadMe' })

const waitsShown = z
  .object({
    proposals: z.int().meta({ description: 'Proposals that your signature is missing from.' }),
    stops: z.int().meta({ description: 'Stops of the last 14 days that a second person has to stand by.' }),
    appeals: z
      .int()
      .meta({ description: 'Open appeals to which you may propose an answer, and nobody has.' }),
    agreements: z.int().meta({
      description: 'Agreements that you sign, whose notice you acknowledge, whose close-out you attest.',
    }),
    reviews: z.int().meta({ description: 'Access reviews that are due, and that you may certify.' }),
    at_least: z.boolean().meta({ description: 'There were more records than were looked at.' }),
    items: z
      .array(
        z.object({
          kind: z.enum([
            'proposal',
            'ratification',
            'appeal',
            'signature',
            'acknowledgement',
            'attestation',
            'review',
          ]),
          id: z.string().meta({
            description: 'Of the proposal, the appeal, the agreement or the review, or of what is stopped.',
          }),
          subject: z.string().meta({ description: 'What kind of record it is about.' }),
          text: z.string(),
          until: instant,
        }),
      )
      .meta({ description: 'The first 20, the most urgent first.' }),
  })
  .meta({ id: 'Waits' })

export const personMe = z
  .object({
    person: z.object({ id: z.string(), name: z.string(), organisation: z.string() }),
    organisation,
    roles: z.array(z.enum(roles)),
    session: z.object({
      id: z.string(),
      ends_at: instant.meta({ description: 'At the latest.' }),
      fresh_until: instant.meta({ description: 'Until then a decision takes no new sign-in.' }),
    }),
    standing: z.object({
      state: z.enum(['active', 'suspended', 'removed']),
      confirmed_until: instant.nullable().meta({ description: 'Of a contractor.' }),
      organisation_stop: stopShown.nullable().meta({ description: 'Why the organisation is suspended.' }),
    }),
    quota: z.array(quotaShown).nullable().meta({ description: 'Of a partner.' }),
    notices_to_acknowledge: noticesShown,
    waits_on_me: waitsShown,
  })
  .meta({ id: 'PersonMe' })
