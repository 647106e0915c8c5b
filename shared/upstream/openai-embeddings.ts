/** OpenAI's Embeddings, `POST /embeddings`: input alone, and one reply. */
import * as z from 'zod/mini'
import type { Model, Upstream } from '../domain/records.ts'
import { Refusal } from '../domain/refusal.ts'
import { bounded } from './bounds.ts'
import { jsonOrNothing } from './json.ts'
import { count, type Operation, type Prepared, usageOf } from './operation.ts'
import { parseBy } from './schema.ts'

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
  dimensions: z.nullish(z.int().check(z.positive())),
  encoding_format: z.nullish(z.enum(['float', 'base64'])),
  user: z.nullish(text),
})

type Body = z.infer<typeof body>

export const openaiEmbeddings: Operation = {
  protocol: 'openai',
  name: 'embeddings',
  path: '/embeddings',
  /** The provider takes 300,000 tokens a request, and a token can be a value. */
  maxValues: 310_000,
  parse: parseBy(body, prepare),
  usage(reply) {
    const usage = jsonOrNothing<{ usage: unknown }>(reply)?.usage
    return usageOf((usage as { prompt_tokens?: unknown } | undefined)?.prompt_tokens, 0)
  },
}

function prepare(request: Body, { tokens }: Model, upstream: Upstream): Prepared | Refusal {
  const shape = { messages: inputsOf(request.input), tools: 0, images: [] }
  const bounds = bounded({ ...request, model: upstream.model }, shape, tokens, 0)
  if (bounds instanceof Refusal) return bounds
  return { ...bounds, model: request.model, uses: new Map([['embed', 'input']]), hidden: false }
}

/** A list of token ids is one input; a list of texts or of such lists is as many as it has. */
const inputsOf = (input: Body['input']): number =>
  typeof input === 'string' || typeof input[0] === 'number' ? 1 : input.length
