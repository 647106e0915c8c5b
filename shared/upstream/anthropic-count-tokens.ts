/**
 * Anthropic's token counting, `POST /v1/messages/count_tokens`: what a request would cost as input. It
 * produces nothing and the provider bills nothing, so nothing is reserved; it counts as a request.
 */
import * as z from 'zod/mini'
import { Refusal } from '../domain/refusal.ts'
import { inputFields, shapeOf, usesOf } from './anthropic-input.ts'
import { bounded } from './bounds.ts'
import { jsonOrNothing } from './json.ts'
import { count, type Operation } from './operation.ts'
import { parseBy } from './schema.ts'

const body = z.strictObject(inputFields)

export const anthropicCountTokens: Operation = {
  protocol: 'anthropic',
  name: 'messages.count_tokens',
  path: '/v1/messages/count_tokens',
  parse: parseBy(body, (request, { tokens }, upstream) => {
    const shape = shapeOf(request)
    const bounds = bounded({ ...request, model: upstream.model }, shape, tokens, 0)
    if (bounds instanceof Refusal) return bounds
    const uses = usesOf(request, shape, tokens)
    return { model: request.model, uses, body: bounds.body, inputBound: 0, ceiling: 0, hidden: false }
  }),
  usage: reply =>
    count(jsonOrNothing<{ input_tokens: unknown }>(reply)?.input_tokens) === undefined
      ? undefined
      : { input: 0, output: 0 },
}
