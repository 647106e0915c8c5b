/** OpenAI's Embeddings, `POST /embeddings`: input alone, and one reply. */
import * as z from 'zod/mini'
import type { Model, Upstream } from '../domain/records.ts'
import { Refusal } from '../domain/refusal.ts'
import { inputBound } from './bounds.ts'
import { jsonOrNothing } from './json.ts'
import { count, type Operation, type Prepared } from './operation.ts'
import { check } from './schema.ts'

const text = z.string()
const isTokens = (value: unknown): boolean => count(value) !== undefined
/** One issue for a list of whatever length: a wrong one of 300,000 would otherwise make as many. */
const tokens = z.array(z.unknown()).check(
  z.minLength(1),
  z.refine(list => list.every(isTokens), 'Invalid input: expected a list of token ids'),
)

const body = z.strictObject({
  model: text,
  input: z.union([
    text,
    z.array(text).check(z.minLength(1), z.maxLength(2_048)),
    tokens,
    z.array(tokens).check(z.minLength(1), z.maxLength(2_048)),
  ]),
  dimensions: z.optional(z.int().check(z.positive())),
  encoding_format: z.optional(z.enum(['float', 'base64'])),
  user: z.optional(text),
})

type Body = z.infer<typeof body>

export const openaiEmbeddings: Operation = {
  protocol: 'openai',
  name: 'embeddings',
  path: '/embeddings',
  /** The provider takes 300,000 tokens a request, and a token can be a value. */
  maxValues: 310_000,
  parse(value) {
    const request = check(body, value)
    if (request instanceof Refusal) return request
    return { prepare: (model, upstream) => prepare(request, model, upstream) }
  },
  usage(reply) {
    const { prompt_tokens } = (jsonOrNothing<{ usage: unknown }>(reply)?.usage ?? {}) as Record<
      string,
      unknown
    >
    const input = count(prompt_tokens)
    return input === undefined ? undefined : { input, output: 0 }
  },
}

function prepare(request: Body, { tokens: bounds }: Model, upstream: Upstream): Prepared | Refusal {
  const bytes = Buffer.from(JSON.stringify({ ...request, model: upstream.model }))
  const shape = { messages: inputsOf(request.input), tools: 0, images: [] }
  const input = inputBound(bytes, shape, bounds)
  if (input instanceof Refusal) return input
  return {
    model: request.model,
    uses: new Map([['embed', 'input']]),
    body: bytes,
    inputBound: input,
    ceiling: input,
  }
}

/** A list of token ids is one input; a list of texts or of such lists is as many as it has. */
const inputsOf = (input: Body['input']): number =>
  typeof input === 'string' || typeof input[0] === 'number' ? 1 : input.length
