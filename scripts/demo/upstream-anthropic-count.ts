import type { MessageTokensCount } from '@anthropic-ai/sdk/resources/messages'
import { inputTokensOf, prompt } from './upstream-anthropic-messages.ts'
import { type Asked, badRequest, type ProviderError } from './upstream-provider.ts'

/** https://docs.anthropic.com/en/api/messages-count-tokens */
export function countTokens(value: unknown): Asked | ProviderError {
  const { data, error } = prompt.safeParse(value)
  if (error) return badRequest(error)
  const input_tokens = inputTokensOf(data)
  return {
    model: data.model,
    choices: 1,
    maxTokens: 0,
    inputTokens: input_tokens,
    // Nothing is billed, so there is no usage: the count is the answer.
    tellsUsage: false,
    body: (): MessageTokensCount => ({ input_tokens }),
  }
}
