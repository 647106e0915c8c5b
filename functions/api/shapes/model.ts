import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
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

export const showListed = (model: Model, open: boolean): z.infer<typeof modelListed> => ({
  id: model.id,
  name: model.name,
  state: model.killed ? 'killed' : model.state,
  open,
  developer: model.developer,
  protocols: protocols.filter(protocol => model.upstreams[protocol]),
})

/** As people see a model. */
export const modelShown = modelListed
  .extend({
    killed: z.boolean().meta({ description: 'The kill switch of the developer.' }),
    governments: z.array(z.string()).meta({ description: 'The offices that it is engaged with.' }),
    upstreams: upstreamsBody.nullable().meta({ description: 'For the developer alone.' }),
    tokens: tokensBody,
    created_at: instant,
    version: z.int(),
  })
  .meta({ id: 'Model' })

export const showModel = (
  model: Governed<Model>,
  { open, viewer }: { readonly open: boolean; readonly viewer: string },
): z.infer<typeof modelShown> => ({
  ...showListed(model, open),
  state: model.state,
  killed: model.killed,
  governments: [...(model.governments ?? [])],
  upstreams: viewer === model.developer ? showUpstreams(model.upstreams) : null,
  tokens: showTokens(model.tokens),
  created_at: time(model.createdAt),
  version: model.rev,
})
