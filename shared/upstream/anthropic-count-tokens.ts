/**
 * Anthropic's token counting, `POST /v1/messages/count_tokens`: what a request would cost as input. It
 * produces nothing and the provider bills nothing, so nothing is reserved; it counts as a request.
 */
import * as z from 'zod/mini'
import { Refusal } from '../domain/refusal.ts'
import { inputFields, shapeOf, usesOf } from './anthropic-input.ts'
import { inputBound } from './bounds.ts'
import { jsonOrNothing } from './json.ts'
import { count, type Operation } from './operation.ts'
import { check } from './schema.ts'

const body = z.strictObject(inputFields)

export const anthropicCountTokens: Operation = {
  protocol: 'anthropic',
  name: 'messages.count_tokens',
  path: '/v1/messages/count_tokens',
  parse(value) {
    const request = check(body, value)
    if (request instanceof Refusal) return request
    return {
      prepare(model, upstream) {
        const bytes = Buffer.from(JSON.stringify({ ...request, model: upstream.model }))
        const shape = shapeOf(request)
        const refused = inputBound(bytes, shape, model.tokens)
        if (refused instanceof Refusal) return refused
        return { model: request.model, uses: usesOf(request, shape), body: bytes, inputBound: 0, ceiling: 0 }
      },
    }
  },
  usage: reply =>
    count(jsonOrNothing<{ input_tokens: unknown }>(reply)?.input_tokens) === undefined
      ? undefined
      : { input: 0, output: 0 },
}
