/** Clauses as they are drafted from, and as what they did. */
import * as z from 'zod'
import type { Template } from '../../../shared/agreements/templates.ts'
import {
  type Clause,
  type ClauseKind,
  clauseKinds,
  clauseRegistry,
  registrationOf,
  requiredClauses,
} from '../../../shared/domain/clauses.ts'
import type { Limits } from '../../../shared/domain/meter.ts'
import { time } from '../../../shared/domain/time.ts'
import type { ClauseEffects, Traced } from '../clause-effects.ts'
import { clauseShown } from './agreement-text.ts'
import { instant } from './common.ts'
import { limitsShown } from './limits.ts'

const kind = z.enum(clauseKinds as readonly [ClauseKind, ...ClauseKind[]])
const enforcement = z.enum(['enforced', 'evidenced', 'undertaken']).meta({
  description:
    'What it forbids is refused; the log shows whether it was kept; or it is a promise and no more.',
})

export const clauseKindShown = z
  .object({
    kind,
    title: z.string(),
    enforcement,
    by: z.string().meta({ description: 'What it becomes.' }),
    shows: z
      .string()
      .nullable()
      .meta({ description: 'As what it shows in the log; null where nothing does.' }),
    binds: z
      .boolean()
      .meta({ description: 'It binds each call: its id stands in the token and in the entries of calls.' }),
    required: z.boolean().meta({ description: 'No agreement is without one.' }),
  })
  .meta({ id: 'ClauseKind' })

export const showClauseKind = (one: ClauseKind): z.infer<typeof clauseKindShown> => {
  const { title, enforcement, by, shows, binds } = clauseRegistry[one]
  const required: readonly ClauseKind[] = requiredClauses
  return { kind: one, title, enforcement, by, shows, binds: binds === true, required: required.includes(one) }
}

export const templateShown = z
  .object({
    id: z.string(),
    kind: z.enum(['engagement', 'access']),
    title: z.string(),
    summary: z.string(),
    clauses: z.array(clauseShown),
  })
  .meta({ id: 'AgreementTemplate', description: 'Its text is made up and binds nobody.' })

export const showTemplate = ({ id, kind, title, summary, clauses }: Template) => ({
  id,
  kind,
  title,
  summary,
  clauses: clauses.map(({ id, kind, text, terms }) => ({ id, kind, text, terms })),
})

const traced = {
  count: z.int(),
  latest: z.array(z.string()).meta({ description: 'Ids of entries, newest first.' }),
}
const tracedShown = z.object(traced).meta({ id: 'Traced' })

export const clauseEffectsShown = z
  .object({
    agreement: z.string(),
    clause: clauseShown
      .extend({ title: z.string(), enforcement, by: z.string(), shows: z.string().nullable() })
      .meta({ id: 'ClauseWithMark' }),
    versions: z
      .array(z.string())
      .meta({ description: 'Digests of the versions that hold it, newest first.' }),
    pool: z
      .object({ meter: z.string(), limits: limitsShown })
      .nullable()
      .meta({ description: 'Of a quota: what all grants under the agreement may spend together.' }),
    grants: z
      .array(
        z.object({
          id: z.string(),
          organisation: z.string(),
          model: z.string(),
          state: z.string(),
          limits: limitsShown.nullable().meta({ description: 'Of a quota: those of its own meter.' }),
        }),
      )
      .meta({ description: 'Those under the agreement.' }),
    tokens: tracedShown.meta({ description: 'Tokens that carry it.' }),
    admissions: tracedShown.meta({ description: 'Calls that were admitted under it.' }),
    refusals: z.object({ ...traced, by_code: z.record(z.string(), z.int()) }).meta({
      description:
        'Calls and tokens that were refused by it. Who keeps knocking at a meter is one entry a minute.',
    }),
    decisions: tracedShown.meta({
      description:
        'About the agreement, or naming the clause. A decision that is refused leaves no entry, and is not counted.',
    }),
    findings: tracedShown.meta({ description: 'What was done about findings that name it.' }),
    since: instant,
    at_least: z.boolean().meta({ description: 'There are more entries than were looked at.' }),
  })
  .meta({ id: 'ClauseEffects', description: 'Counted over entries that you see.' })

const showLimits = ({ total, perDay, rpm, burst, streams }: Limits) => ({
  total,
  per_day: perDay ?? null,
  rpm,
  burst,
  streams,
})

const showTraced = ({ count, latest }: Traced) => ({ count, latest: [...latest] })

const showClause = (clause: Clause) => {
  const { id, kind, text, terms } = clause
  const { title, enforcement, by, shows } = registrationOf(clause)
  return { id, kind, title, text, terms: { ...terms }, enforcement, by, shows }
}

export const showClauseEffects = (given: ClauseEffects): z.infer<typeof clauseEffectsShown> => ({
  agreement: given.agreement,
  clause: showClause(given.clause),
  versions: [...given.versions],
  pool: given.pool ? { meter: given.pool.id, limits: showLimits(given.pool.limits) } : null,
  grants: given.grants.map(({ grant: { id, organisation, model, state }, limits }) => ({
    id,
    organisation,
    model,
    state,
    limits: limits ? showLimits(limits) : null,
  })),
  tokens: showTraced(given.tokens),
  admissions: showTraced(given.admissions),
  refusals: { ...showTraced(given.refusals), by_code: Object.fromEntries(given.refusals.byCode) },
  decisions: showTraced(given.decisions),
  findings: showTraced(given.findings),
  since: time(given.since),
  at_least: given.atLeast,
})
