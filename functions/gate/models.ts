import type { Model, Protocol } from '../../shared/domain/records.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { VerifiedRequest } from '../../shared/oauth/resource.ts'
import { grantsOf } from '../grants.ts'
import { json, type Reply } from '../http.ts'
import { authorise, type ResourceDeps } from '../resource.ts'

/** `GET /models` and `GET /models/{id}`: the models that the caller's client may use now, by any model token. */
export async function listModels(
  deps: ResourceDeps,
  verified: VerifiedRequest,
  request: string,
  asked: { readonly protocol: Protocol; readonly id: string | undefined },
): Promise<Reply | Refusal> {
  const authorised = await authorise(deps, verified, request)
  if (authorised instanceof Refusal) return authorised
  const { authority, rules } = authorised
  const granted = await grantsOf(deps.store, authority.organisation, deps.clock.now())
  const models = granted
    .filter(({ open, model }) => open && model.upstreams[asked.protocol] !== undefined)
    .map(({ model }) => model)
  const show = asked.protocol === 'openai' ? openaiModel : anthropicModel
  if (asked.id === undefined) return json(200, list(asked.protocol, models.map(show)))
  const one = models.find(model => model.id === asked.id)
  if (one) return json(200, show(one))
  return refuse('model_unknown', 'It is not among the models you may use.').under({ rules })
}

type Shown = { readonly id: string } & Record<string, string | number>

const openaiModel = ({ id, developer, createdAt }: Model): Shown => ({
  id,
  object: 'model',
  created: Math.floor(createdAt / 1000),
  owned_by: developer,
})

const anthropicModel = ({ id, name, createdAt }: Model): Shown => ({
  type: 'model',
  id,
  display_name: name,
  created_at: new Date(createdAt).toISOString(),
})

const list = (protocol: Protocol, data: readonly { id: string }[]): object =>
  protocol === 'openai'
    ? { object: 'list', data }
    : { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
