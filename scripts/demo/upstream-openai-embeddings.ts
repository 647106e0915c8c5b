import { createHash } from 'node:crypto'
import type OpenAI from 'openai'
import { z } from 'zod'
import { type Asked, badRequest, countInputTokens, type ProviderError } from './upstream-provider.ts'

const defaultDimensions = 1_536
const mostInputs = 2_048

const text = z.string().min(1)
const tokens = z.array(z.int().min(0)).min(1).max(mostInputs)

const request = z.object({
  model: z.string().min(1),
  input: z.union([
    text,
    z.array(text).min(1).max(mostInputs),
    tokens,
    z.array(tokens).min(1).max(mostInputs),
  ]),
  encoding_format: z.enum(['float', 'base64']).default('float'),
  dimensions: z.int().min(1).max(3_072).default(defaultDimensions),
})

/** https://platform.openai.com/docs/api-reference/embeddings */
export function embeddings(value: unknown): Asked | ProviderError {
  const { data, error } = request.safeParse(value)
  if (error) return badRequest(error)
  const inputs = separate(data.input)
  return {
    model: data.model,
    choices: 1,
    maxTokens: 0,
    inputTokens: inputs.reduce((sum, input) => sum + tokensOf(input), 0),
    tellsUsage: true,
    body: reply => ({
      object: 'list',
      data: inputs.map((input, index) => ({
        object: 'embedding',
        index,
        embedding: encode(vector(input, data.dimensions), data.encoding_format),
      })),
      model: reply.model,
      ...(reply.usage && { usage: usageBody(reply.usage.input_tokens) }),
    }),
  }
}

type Input = string | readonly number[]

/** One text, or one text as its tokens, may stand without a list around it. */
function separate(input: z.output<typeof request>['input']): readonly Input[] {
  if (typeof input === 'string') return [input]
  const isOneText = input.every(part => typeof part === 'number')
  return isOneText ? [input] : input.filter(part => typeof part !== 'number')
}

const tokensOf = (input: Input) => (typeof input === 'string' ? countInputTokens(input) : input.length)

/** Of length 1, and the same for the same input. */
function vector(input: Input, dimensions: number): Float32Array {
  const bytes = createHash('shake256', { outputLength: dimensions }).update(JSON.stringify(input)).digest()
  const around = Float32Array.from(bytes, byte => byte - 127.5)
  const length = Math.hypot(...around)
  return around.map(part => part / length)
}

function encode(vector: Float32Array, format: 'float' | 'base64'): number[] | string {
  return format === 'float' ? [...vector] : Buffer.from(vector.buffer).toString('base64')
}

const usageBody = (tokens: number): OpenAI.CreateEmbeddingResponse['usage'] => ({
  prompt_tokens: tokens,
  total_tokens: tokens,
})
