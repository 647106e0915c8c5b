import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { LedgerLine } from '../../../shared/domain/ledger.ts'
import { modelStateAt } from '../../../shared/domain/model-step.ts'
import { type Model, protocols } from '../../../shared/domain/records.ts'
import { time } from '../../../shared/domain/time.ts'
import {
  showTokens,
  showUpstreams,
  type TokensWords,
  type UpstreamsWords,
} from '../../governance/models/model-words.ts'
import { instant } from './common.ts'

const upstreamBody = z
  .strictObject({
    url: z
      .string()
      .max(2_048)
      .meta({ description: 'https. For OpenAI it ends in /v1, for Anthropic it stands without.' }),
    credential: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/, 'it is the name of a credential')
      .meta({ description: 'The name of the credential, never the credential.' }),
    model: z
      .string()
      .regex(/^[\x21-\x7e]{1,200}$/, 'it is the name of a model')
      .meta({ description: 'The name of the model in the API of the upstream.' }),
    limit_field: z
      .literal('max_tokens')
      .optional()
      .meta({ description: 'Where chat completions are limited by it.' }),
  })
  .meta({ id: 'Upstream' })

export const upstreamsBody = z
  .strictObject({ openai: upstreamBody.optional(), anthropic: upstreamBody.optional() })
  .refine(
    ({ openai, anthropic }) => openai !== undefined || anthropic !== undefined,
    'name at least one',
  ) satisfies z.ZodType<UpstreamsWords>

const count = z.int().min(0).max(10_000_000)

/** What a request may cost in tokens, as the developer states it: true ceilings. */
export const tokensBody = z
  .strictObject({
    overhead: z.strictObject({ request: count, message: count, tool: count }),
    image: count.optional().meta({ description: 'Of one image at most; absent: images are refused.' }),
    default_output: count
      .min(1)
      .optional()
      .meta({ description: 'Written into a request that states no output limit; absent: it is refused.' }),
    hidden_output: z
      .boolean()
      .meta({ description: 'Tokens are produced that are not sent: received bytes bound nothing.' }),
    reasons: z.boolean().optional().meta({ description: 'It reasons unless a request switches that off.' }),
  })
  .meta({ id: 'TokenBounds' }) satisfies z.ZodType<TokensWords>

/** As workloads see the models that are granted to them. */
export const modelListed = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.string(),
    open: z.boolean().meta({ description: 'Your organisation could call it now, budgets apart.' }),
    developer: z.string(),
    protocols: z.array(z.enum(protocols)),
  })
  .meta({ id: 'ModelListed' })

/** What it is at `now`, whether or not that was recorded yet. */
export const showListed = (model: Model, open: boolean, now: number): z.infer<typeof modelListed> => ({
  id: model.id,
  name: model.name,
  state: model.killed ? 'killed' : modelStateAt(model, now),
  open,
  developer: model.developer,
  protocols: protocols.filter(protocol => model.upstreams[protocol]),
})

const forDeciders = 'For its developer, the offices that it is engaged with, and their auditors.'

const windowShown = z
  .object({
    government: z.string(),
    opens_at: instant,
    ends_at: instant,
    becomes: z.string().meta({ description: 'What the model becomes when it ends.' }),
    grant: z.string(),
    entry: z.string(),
  })
  .meta({ id: 'GovernmentWindow' })

const designationShown = z
  .object({
    outcome: z.string(),
    at: instant,
    entry: z.string(),
    determination: z
      .string()
      .nullable()
      .meta({ description: `A reference of the office. ${forDeciders}` }),
    signer: z
      .string()
      .nullable()
      .meta({ description: `Who signed the determination. ${forDeciders}` }),
  })
  .meta({ id: 'Designation' })

/** As people see a model. */
export const modelShown = modelListed
  .extend({
    killed: z.boolean().meta({ description: 'The kill switch of the developer.' }),
    governments: z.array(z.string()).meta({ description: 'The offices that it is engaged with.' }),
    agreement: z
      .string()
      .nullable()
      .meta({ description: `That it is engaged under. ${forDeciders}` }),
    assessment: z
      .object({ started_at: instant, ends_at: instant })
      .nullable()
      .meta({ description: `While it is assessed. ${forDeciders}` }),
    designation: designationShown.nullable(),
    window: windowShown
      .nullable()
      .meta({ description: `The government window that is open or to come. ${forDeciders}` }),
    shared_with: z
      .array(z.string())
      .nullable()
      .meta({ description: `The offices whose consultants see it. ${forDeciders}` }),
    upstreams: upstreamsBody.nullable().meta({ description: 'For the developer alone.' }),
    tokens: tokensBody,
    created_at: instant,
    version: z.int(),
  })
  .meta({ id: 'Model' })

export interface ModelViewing {
  readonly open: boolean
  readonly now: number
  /** An organisation. */
  readonly viewer: string
  /** Its developer, an office that it is engaged with, or an auditor: not whoever uses it or is consulted. */
  readonly decides: boolean
}

export function showModel(
  model: Governed<Model>,
  { open, now, viewer, decides }: ModelViewing,
): z.infer<typeof modelShown> {
  const { designation } = model
  const state = modelStateAt(model, now)
  return {
    ...showListed(model, open, now),
    state,
    killed: model.killed,
    governments: [...(model.governments ?? [])],
    agreement: decides ? (model.agreement ?? null) : null,
    assessment: decides && state === 'under_assessment' ? showAssessment(model) : null,
    designation: designation
      ? {
          outcome: designation.outcome,
          at: time(designation.at),
          entry: designation.entry,
          determination: decides ? designation.reference : null,
          signer: decides ? designation.signer : null,
        }
      : null,
    window: decides ? showWindow(model, now) : null,
    shared_with: decides ? [...(model.sharedWith ?? [])] : null,
    upstreams: viewer === model.developer ? showUpstreams(model.upstreams) : null,
    tokens: showTokens(model.tokens),
    created_at: time(model.createdAt),
    version: model.rev,
  }
}

const showAssessment = ({ assessment }: Model) =>
  assessment ? { started_at: time(assessment.startedAt), ends_at: time(assessment.endsAt) } : null

function showWindow({ window }: Model, now: number): z.infer<typeof windowShown> | null {
  if (window === undefined || window.endsAt <= now) return null
  const { government, opensAt, endsAt, becomes, grant, entry } = window
  return { government, opens_at: time(opensAt), ends_at: time(endsAt), becomes, grant, entry }
}

/** One line of the engagement ledger. */
export const ledgerShown = z
  .object({
    at: instant,
    entry: z.string(),
    action: z.string(),
    text: z.string(),
    by: z
      .object({
        name: z.string().nullable().meta({ description: forDeciders }),
        organisation: z.string(),
        role: z.string(),
      })
      .nullable()
      .meta({ description: 'null: time did it.' }),
    agreement: z.string().nullable().meta({ description: forDeciders }),
    state: z.string().meta({ description: 'What the model was from then on.' }),
  })
  .meta({ id: 'LedgerLine' })

export const showLedgerLine = (
  { at, entry, action, text, by, agreement, state }: LedgerLine,
  decides: boolean,
): z.infer<typeof ledgerShown> => ({
  at: time(at),
  entry,
  action,
  text,
  by: by ? { name: decides ? by.name : null, organisation: by.organisation, role: by.role } : null,
  agreement: decides ? (agreement ?? null) : null,
  state,
})
