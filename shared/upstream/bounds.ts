import type { TokenBounds } from '../domain/records.ts'
import { Refusal, refuse } from '../domain/refusal.ts'
import type { Prepared } from './operation.ts'

/** What of a request costs tokens beyond its bytes. */
export interface Shape {
  readonly messages: number
  readonly tools: number
  /** The addresses of its images: data URLs are counted by the model's figure, not by their bytes. */
  readonly images: readonly { readonly field: string; readonly address: string }[]
}

/**
 * Tokens of input at most. A byte-level tokenizer makes no more tokens than there are bytes; what the
 * provider adds around messages and tools is the model entry's overhead.
 */
export function inputBound(body: Uint8Array, shape: Shape, tokens: TokenBounds): number | Refusal {
  const [first] = shape.images
  if (first && tokens.image === undefined)
    return refuse('field_not_allowed', `${first.field}: the model entry has no figure for images.`, {
      field: first.field,
    })
  const inImages = shape.images.reduce((sum, image) => sum + Buffer.byteLength(image.address), 0)
  const { overhead } = tokens
  return (
    body.byteLength -
    inImages +
    overhead.request +
    shape.messages * overhead.message +
    shape.tools * overhead.tool +
    shape.images.length * (tokens.image ?? 0)
  )
}

/** The output limit that a request states, or the model entry's for one that states none. */
export function outputLimit(
  stated: number | null | undefined,
  { defaultOutput }: TokenBounds,
  field: string,
): number | Refusal {
  return (
    stated ?? defaultOutput ?? refuse('limit_required', 'The model has no default output limit.', { field })
  )
}

/** What is sent on and what it can cost, with `output` tokens of reply at most. */
export function bounded(
  request: object,
  shape: Shape,
  tokens: TokenBounds,
  output: number,
): Pick<Prepared, 'body' | 'inputBound' | 'ceiling'> | Refusal {
  const body = Buffer.from(JSON.stringify(request))
  const input = inputBound(body, shape, tokens)
  return input instanceof Refusal ? input : { body, inputBound: input, ceiling: input + output }
}
