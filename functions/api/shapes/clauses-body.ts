/** The clauses of a document as somebody writes them: each kind with its own terms, and nothing beside. */
import * as z from 'zod'
import type { Clause, PatternTerms, QuotaTerms } from '../../../shared/domain/clauses.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { defaultLeastReplies } from '../../../shared/domain/patterns.ts'
import { capabilities } from '../../../shared/domain/records.ts'
import type { Refusal } from '../../../shared/domain/refusal.ts'
import { country, linesUpTo, region } from './common.ts'
import { limitsBody } from './limits.ts'

export const distinct = (list: readonly string[]): boolean => new Set(list).size === list.length
const twice = 'one stands twice'

const purpose = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'it is 1 to 63 of a–z, 0–9 and -, beginning with a letter')

const nothing = z.strictObject({})
const hours = z.int().min(1).max(8_760)
const days = (most: number) => z.int().min(1).max(most)
const admitting = (code: z.ZodType<string>) => {
  const list = z.array(code).min(1).max(300).refine(distinct, twice).optional()
  return z
    .strictObject({ admit: list, exclude: list })
    .meta({ description: 'Exactly one of both. Whoever has nothing attested is refused.' })
}

const percent = z.int().min(1).max(100)

/** One of the first three at least: `compile` says so, by the clause at fault. */
const patterns = z
  .strictObject({
    repetition_percent: percent.optional().meta({
      description: 'Percent of the replies of a day of which another client was sent half or more.',
    }),
    template_percent: percent.optional().meta({
      description: 'Percent of the replies of a day that have a frame in common and are filled anew.',
    }),
    volume_factor: z
      .int()
      .min(2)
      .max(1_000)
      .optional()
      .meta({ description: 'Times the words of a day: the median of the 14 days before.' }),
    least_replies: z
      .int()
      .min(10)
      .max(1_000_000)
      .optional()
      .meta({
        description: `On a day with fewer replies nothing is raised; ${defaultLeastReplies} unless given.`,
      }),
  })
  .meta({
    description: 'From when on a pattern in what was sent raises a finding; what is left out raises none.',
  }) satisfies z.ZodType<PatternTerms>

const terms = {
  quota: limitsBody.extend({
    pool: limitsBody.optional().meta({ description: 'What all grants under it spend together at most.' }),
  }) satisfies z.ZodType<QuotaTerms>,
  purpose: z.strictObject({ purposes: z.array(purpose).min(1).max(20).refine(distinct, twice) }),
  capabilities: z.strictObject({
    capabilities: z.array(z.enum(capabilities)).min(1).refine(distinct, twice),
  }),
  'named-use': nothing,
  nationality: admitting(country),
  region: admitting(region),
  'no-extraction': z.strictObject({ patterns: patterns.optional() }),
  'no-training': nothing,
  'retention-notice': z.strictObject({
    days: days(3_660),
    notice: linesUpTo(4_000).meta({ description: 'What is acknowledged before the first call.' }),
  }),
  confidentiality: nothing,
  'incident-report': z.strictObject({ hours }),
  'vulnerability-report': z.strictObject({ hours, embargo_days: z.int().min(0).max(365) }),
  'insider-risk': z.strictObject({ review_days: days(366), screening: z.boolean() }),
  destruction: z.strictObject({ days: days(3_660) }),
  'non-licensing': nothing,
} as const

const of = <K extends keyof typeof terms>(kind: K) =>
  z.strictObject({
    id: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9.-]{0,62}$/,
        'it is 1 to 63 of a–z, 0–9, . and -, beginning with a letter or digit',
      ),
    kind: z.literal(kind),
    text: linesUpTo(4_000).meta({ description: 'For people.' }),
    terms: terms[kind] as (typeof terms)[K],
  })

const clauseBody = z
  .discriminatedUnion('kind', [
    of('quota'),
    of('purpose'),
    of('capabilities'),
    of('named-use'),
    of('nationality'),
    of('region'),
    of('no-extraction'),
    of('no-training'),
    of('retention-notice'),
    of('confidentiality'),
    of('incident-report'),
    of('vulnerability-report'),
    of('insider-risk'),
    of('destruction'),
    of('non-licensing'),
  ])
  .meta({ id: 'ClauseBody' }) satisfies z.ZodType<Clause>

export const clausesBody = z.array(clauseBody).min(1).max(40)

/** Nothing that is marked above the level of the deployment, in any words of it. */
export function judgeClauses(clauses: readonly Clause[]): Refusal | undefined {
  for (const clause of clauses) {
    const marked =
      judgeText(clause.text, `clauses[${clause.id}].text`) ??
      (clause.kind === 'retention-notice'
        ? judgeText(clause.terms.notice, `clauses[${clause.id}].terms.notice`)
        : undefined)
    if (marked) return marked
  }
  return undefined
}
