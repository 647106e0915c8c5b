/** What a developer says of a model, in the words of the API, as the parameters of a decision hold it. */
import type { Model, TokenBounds, Upstream } from '../../../shared/domain/records.ts'

interface UpstreamWords {
  url: string
  credential: string
  model: string
  limit_field?: 'max_tokens' | undefined
}

export interface UpstreamsWords {
  openai?: UpstreamWords | undefined
  anthropic?: UpstreamWords | undefined
}

export interface TokensWords {
  overhead: { request: number; message: number; tool: number }
  image?: number | undefined
  default_output?: number | undefined
  hidden_output: boolean
  reasons?: boolean | undefined
}

const toUpstream = ({ url, credential, model, limit_field }: UpstreamWords): Upstream => ({
  url,
  credential,
  model,
  ...(limit_field && { limitField: limit_field }),
})

export const toUpstreams = ({ openai, anthropic }: UpstreamsWords): Model['upstreams'] => ({
  ...(openai && { openai: toUpstream(openai) }),
  ...(anthropic && { anthropic: toUpstream(anthropic) }),
})

const showUpstream = ({ url, credential, model, limitField }: Upstream): UpstreamWords => ({
  url,
  credential,
  model,
  ...(limitField && { limit_field: limitField }),
})

export const showUpstreams = ({ openai, anthropic }: Model['upstreams']): UpstreamsWords => ({
  ...(openai && { openai: showUpstream(openai) }),
  ...(anthropic && { anthropic: showUpstream(anthropic) }),
})

export const toTokens = ({
  overhead,
  image,
  default_output,
  hidden_output,
  reasons,
}: TokensWords): TokenBounds => ({
  overhead,
  ...(image !== undefined && { image }),
  ...(default_output !== undefined && { defaultOutput: default_output }),
  hiddenOutput: hidden_output,
  ...(reasons !== undefined && { reasons }),
})

export const showTokens = ({
  overhead,
  image,
  defaultOutput,
  hiddenOutput,
  reasons,
}: TokenBounds): TokensWords => ({
  overhead: { ...overhead },
  ...(image !== undefined && { image }),
  ...(defaultOutput !== undefined && { default_output: defaultOutput }),
  hidden_output: hiddenOutput,
  ...(reasons !== undefined && { reasons }),
})
