import type {
  Response,
  ResponseFunctionToolCall,
  ResponseOutputMessage,
  ResponseOutputRefusal,
  ResponseOutputText,
  ResponseReasoningItem,
  ResponseStreamEvent,
  ResponseUsage,
} from 'openai/resources/responses/responses'
import { z } from 'zod'
import {
  type Asked,
  badRequest,
  countInputTokens,
  type ErrorBody,
  type Part,
  type ProviderError,
  type Reply,
  type ReplyStream,
  type Step,
  textOf,
  type Usage,
} from './upstream-provider.ts'

/** As it is sent: `output_text` is the SDK's own addition, and usage is null until it is known. */
type Body = Omit<Response, 'output_text' | 'usage'> & { readonly usage: ResponseUsage | null }

/** As it is written: numbered when it is sent. */
type Unnumbered<E> = E extends { readonly response: Response }
  ? Omit<E, 'response' | 'sequence_number'> & { readonly response: Body }
  : Omit<E, 'sequence_number'>
type Event = Unnumbered<ResponseStreamEvent>

type Item = ResponseReasoningItem | ResponseFunctionToolCall | ResponseOutputMessage

const request = z.object({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.looseObject({})).min(1)]),
  include: z.array(z.string()).nullish(),
  stream: z.boolean().nullish(),
  // A response repeats all that follows, as it came.
  instructions: z.string().nullable().default(null),
  max_output_tokens: z.int().min(1).nullable().default(null),
  metadata: z.custom<Response['metadata']>().default({}),
  parallel_tool_calls: z
    .boolean()
    .nullish()
    .transform(allowed => allowed ?? true),
  reasoning: z.custom<NonNullable<Response['reasoning']>>().default({ effort: null, summary: null }),
  temperature: z.number().nullable().default(1),
  text: z.custom<NonNullable<Response['text']>>().default({ format: { type: 'text' } }),
  tool_choice: z.custom<Response['tool_choice']>().default('auto'),
  tools: z.array(z.custom<Response['tools'][number]>()).default([]),
  top_p: z.number().nullable().default(1),
  truncation: z.enum(['auto', 'disabled']).nullable().default('disabled'),
})

interface Given {
  readonly repeated: Omit<z.output<typeof request>, 'model' | 'input' | 'include' | 'stream'>
  /** Reasoning is shown to nobody, but its encrypted form comes to who asks. */
  readonly encrypted: boolean
}

/** https://platform.openai.com/docs/api-reference/responses */
export function responses(value: unknown): Asked | ProviderError {
  const { data, error } = request.safeParse(value)
  if (error) return badRequest(error)
  const { model, input, include, stream, ...repeated } = data
  const given = { repeated, encrypted: include?.includes('reasoning.encrypted_content') ?? false }
  return {
    model,
    choices: 1,
    maxTokens: repeated.max_output_tokens ?? Number.POSITIVE_INFINITY,
    inputTokens: countInputTokens(input, repeated.instructions, repeated.tools),
    tellsUsage: true,
    body: reply => finished(given, reply),
    ...(stream && { stream: streamOf(given) }),
  }
}

/** https://platform.openai.com/docs/api-reference/responses-streaming */
const streamOf = (given: Given): ReplyStream => ({
  *events(reply) {
    let sent = 0
    const event = (data: Event) => numbered(data, sent++)
    const started = response(given, reply, { status: 'in_progress', output: [] })
    yield event({ type: 'response.created', response: started })
    yield event({ type: 'response.in_progress', response: started })
    for (const [output_index, part] of reply.parts.entries()) {
      yield event({
        type: 'response.output_item.added',
        output_index,
        item: startedItem(reply, part),
      })
      yield* partEvents(reply, part, output_index, event)
      yield event({
        type: 'response.output_item.done',
        output_index,
        item: finishedItem(given, reply, part),
      })
    }
    yield event({ type: `response.${finalStatus(reply)}`, response: finished(given, reply) })
  },

  failure(reply, { error }, sent) {
    const failed = response(given, reply, {
      status: 'failed',
      output: [],
      error: { code: 'server_error', message: error.message },
    })
    return (
      // Nested, as every error of the API's is, although the reference shows it flat.
      numbered({ type: 'error', error }, sent) +
      numbered({ type: 'response.failed', response: failed }, sent + 1)
    )
  },
})

const numbered = (data: Event | ({ readonly type: 'error' } & ErrorBody), sequence_number: number) =>
  `event: ${data.type}\ndata: ${JSON.stringify({ ...data, sequence_number })}\n\n`

function* partEvents(
  reply: Reply,
  part: Part,
  output_index: number,
  event: (data: Event) => string,
): Generator<Step> {
  const item = { item_id: itemId(reply, part), output_index }
  const content = { ...item, content_index: 0 }
  switch (part.kind) {
    case 'reasoning':
      for (const _ of part.tokens) yield { token: '' }
      break
    case 'tool':
      for (const delta of part.tokens)
        yield { token: event({ type: 'response.function_call_arguments.delta', ...item, delta }) }
      yield event({ type: 'response.function_call_arguments.done', ...item, arguments: textOf(part) })
      break
    case 'text':
      yield event({ type: 'response.content_part.added', ...content, part: outputText('') })
      for (const delta of part.tokens)
        yield { token: event({ type: 'response.output_text.delta', ...content, delta, logprobs: [] }) }
      yield event({ type: 'response.output_text.done', ...content, text: textOf(part), logprobs: [] })
      yield event({ type: 'response.content_part.done', ...content, part: outputText(textOf(part)) })
      break
    case 'refusal':
      yield event({ type: 'response.content_part.added', ...content, part: refusalOf('') })
      for (const delta of part.tokens)
        yield { token: event({ type: 'response.refusal.delta', ...content, delta }) }
      yield event({ type: 'response.refusal.done', ...content, refusal: textOf(part) })
      yield event({ type: 'response.content_part.done', ...content, part: refusalOf(textOf(part)) })
      break
  }
}

function response(
  { repeated }: Given,
  { id, created, model }: Reply,
  told: Pick<Body, 'status' | 'output'> & Partial<Pick<Body, 'error' | 'incomplete_details' | 'usage'>>,
): Body {
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: created,
    access_programs: null,
    background: false,
    error: null,
    incomplete_details: null,
    ...repeated,
    model,
    previous_response_id: null,
    service_tier: 'default',
    usage: null,
    ...told,
  }
}

function finished(given: Given, reply: Reply): Body {
  const status = finalStatus(reply)
  const reason = reply.stopped === 'length' ? 'max_output_tokens' : 'content_filter'
  return response(given, reply, {
    status,
    output: reply.parts.map(part => finishedItem(given, reply, part)),
    incomplete_details: status === 'incomplete' ? { reason } : null,
    usage: reply.usage ? usageBody(reply.usage) : null,
  })
}

const finalStatus = ({ stopped }: Reply) =>
  stopped === 'length' || stopped === 'content_filter' ? 'incomplete' : 'completed'

const itemIds = { reasoning: 'rs', tool: 'fc', text: 'msg', refusal: 'msg' }

const itemId = ({ id }: Reply, { kind }: Part) => `${itemIds[kind]}_${id}`

function startedItem(reply: Reply, part: Part): Item {
  const id = itemId(reply, part)
  const status = 'in_progress'
  switch (part.kind) {
    case 'reasoning':
      return { id, type: 'reasoning', summary: [] }
    case 'tool':
      return {
        id,
        type: 'function_call',
        status,
        arguments: '',
        call_id: `call_${reply.id}`,
        name: part.name,
      }
    case 'text':
    case 'refusal':
      return { id, type: 'message', status, role: 'assistant', content: [] }
  }
}

function finishedItem({ encrypted }: Given, reply: Reply, part: Part): Item {
  const item = startedItem(reply, part)
  const text = textOf(part)
  const status = part === reply.parts.at(-1) ? finalStatus(reply) : 'completed'
  switch (item.type) {
    case 'reasoning':
      return { ...item, ...(encrypted && { encrypted_content: Buffer.from(text).toString('base64') }) }
    case 'function_call':
      return { ...item, status, arguments: text }
    case 'message':
      return { ...item, status, content: [part.kind === 'refusal' ? refusalOf(text) : outputText(text)] }
  }
}

const outputText = (text: string): ResponseOutputText => ({
  type: 'output_text',
  annotations: [],
  logprobs: [],
  text,
})

const refusalOf = (refusal: string): ResponseOutputRefusal => ({ type: 'refusal', refusal })

const usageBody = ({ input_tokens, output_tokens, reasoning_tokens }: Usage): ResponseUsage => ({
  input_tokens,
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens,
  output_tokens_details: { reasoning_tokens },
  total_tokens: input_tokens + output_tokens,
})
