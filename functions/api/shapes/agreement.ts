import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import { type Agreement, capabilities } from '../../../shared/domain/records.ts'
import { time } from '../../../shared/domain/time.ts'
import { showTerms, type TermsWords } from '../../governance/agreements/agreement-words.ts'
import { anyId, chosenId, instant } from './common.ts'
import { limitsBody, limitsShown } from './limits.ts'

const distinct = (list: readonly string[]): boolean => new Set(list).size === list.length

const purpose = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'it is 1 to 63 of a–z, 0–9 and -, beginning with a letter')

/** What the developer offers, in the words that both sign. */
export const termsBody = z.strictObject({
  partner: anyId,
  models: z.array(chosenId).min(1).max(20).refine(distinct, 'one stands twice'),
  starts_at: instant,
  ends_at: instant,
  purposes: z.array(purpose).min(1).max(20).refine(distinct, 'one stands twice'),
  capabilities: z.array(z.enum(capabilities)).min(1).refine(distinct, 'one stands twice'),
  clauses: z
    .strictObject({ quota: anyId, purpose: anyId, capabilities: anyId, retention_notice: anyId })
    .meta({ description: 'The ids of the clauses, by what they are enforced as.' }),
  ceiling: limitsBody.meta({ description: 'What a grant under it may be given at most.' }),
}) satisfies z.ZodType<TermsWords>

const termsShown = z
  .object({
    kind: z.enum(['engagement', 'access']),
    developer: z.string(),
    partner: z.string(),
    models: z.array(z.string()),
    starts_at: instant,
    ends_at: instant,
    purposes: z.array(z.string()),
    capabilities: z.array(z.enum(capabilities)),
    clauses: z.object({
      quota: z.string(),
      purpose: z.string(),
      capabilities: z.string(),
      retention_notice: z.string(),
    }),
    ceiling: limitsShown.nullable(),
  })
  .meta({ id: 'Terms', description: 'The SHA-256 of its canonical JSON (RFC 8785) is the digest.' })

export const agreementShown = z
  .object({
    id: z.string(),
    state: z.enum([
      'draft',
      'offered',
      'signed',
      'effective',
      'suspended',
      'expired',
      'terminated',
      'closing_out',
      'closed',
    ]),
    digest: z.string().meta({ description: 'SHA-256 of the terms in canonical JSON, base64url.' }),
    terms: termsShown,
    consented_at: instant.nullable().meta({ description: 'When the partner acknowledged the notices.' }),
    version: z.int(),
  })
  .meta({ id: 'Agreement' })

export const showAgreement = (agreement: Governed<Agreement>): z.infer<typeof agreementShown> => ({
  id: agreement.id,
  state: agreement.state,
  digest: agreement.digest,
  terms: showTerms(agreement),
  consented_at: agreement.consentedAt === undefined ? null : time(agreement.consentedAt),
  version: agreement.rev,
})
