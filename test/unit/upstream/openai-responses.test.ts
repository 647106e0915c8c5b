import { describe, expect, test } from 'vitest'
import { refuse } from '../../../shared/domain/refusal.ts'
import { openaiResponses } from '../../../shared/upstream/openai-responses.ts'
import { event, prepared, read, watching } from './reading.ts'

const base = { model: 'aurora', input: 'hello', max_output_tokens: 20 }

describe('a request of a response', () => {
  test('is told not to be kept by the provider', () => {
    expect(prepared(openaiResponses, base).sent).toMatchObject({ store: false })
    expect(prepared(openaiResponses, { ...base, store: null }).sent).toMatchObject({ store: false })
  })

  test.each([
    ['store', true],
    ['background', true],
    ['previous_response_id', 'resp_1'],
    ['conversation', 'conv_1'],
    ['prompt', { id: 'pmpt_1' }],
    ['context_management', []],
    ['prompt_cache_retention', '24h'],
  ])('with %s = %j is refused by the field: it would spend or keep what is not shown', (field, value) => {
    expect(read(openaiResponses, { ...base, [field]: value })).toMatchObject({
      code: 'field_not_allowed',
      facts: { field },
    })
  })

  test.each(['store', 'background', 'previous_response_id', 'conversation', 'prompt'])(
    'may leave %s empty, as SDKs do',
    field => {
      expect(prepared(openaiResponses, { ...base, [field]: null }).ceiling).toBeGreaterThan(20)
    },
  )

  test.each([
    'file_search',
    'web_search',
    'web_search_preview',
    'code_interpreter',
    'image_generation',
    'mcp',
    'computer_use_preview',
    'local_shell',
    'shell',
    'apply_patch',
    'tool_search',
  ])('with the hosted tool %s is refused by its name', type => {
    expect(read(openaiResponses, { ...base, tools: [{ type }] })).toMatchObject({
      code: 'field_not_allowed',
      facts: { field: 'tools[0].type' },
    })
  })

  test.each([
    [{ type: 'item_reference', id: 'msg_1' }, 'input[0].type'],
    [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }, 'input[0].content[0].type'],
    [
      { role: 'user', content: [{ type: 'input_image', image_url: 'x', file_id: 'f' }] },
      'input[0].content[0].file_id',
    ],
  ])('with the item %j, whose content is elsewhere, is refused by the field', (item, field) => {
    expect(read(openaiResponses, { ...base, input: [item] })).toMatchObject({
      code: 'field_not_allowed',
      facts: { field },
    })
  })

  test('with reasoning that only the provider could look up is refused by the field', () => {
    const input = [{ type: 'reasoning', id: 'rs_1', summary: [] }]
    expect(read(openaiResponses, { ...base, input })).toMatchObject({
      code: 'body_malformed',
      facts: { field: 'input[0].encrypted_content' },
    })
  })

  test('takes its own output back, as an agent sends it', () => {
    const input = [
      { role: 'user', content: 'What is the weather?' },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'a' }],
        encrypted_content: 'gAAA',
      },
      { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'f', arguments: '{}', status: 'completed' },
      { type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_text', text: 'sunny' }] },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'Sunny.', annotations: [], logprobs: [] }],
      },
    ]
    const { inputBound, body } = prepared(openaiResponses, { ...base, input, instructions: 'Be brief.' })
    expect(inputBound).toBe(body.byteLength + 16 + 6 * 8)
  })

  test.each([
    [{ reasoning: { effort: 'high' } }, 'reasoning', 'reasoning'],
    [{ reasoning: { summary: 'auto' } }, 'reasoning', 'reasoning'],
    [{ top_logprobs: 3 }, 'logprobs', 'top_logprobs'],
    [{ include: ['message.output_text.logprobs'] }, 'logprobs', 'include'],
    [{ tools: [{ type: 'function', name: 'f', parameters: {}, strict: true }] }, 'tools', 'tools'],
    [{ tools: [{ type: 'custom', name: 'f' }] }, 'tools', 'tools'],
  ])('with %j uses a capability', (over, capability, field) => {
    expect(prepared(openaiResponses, { ...base, ...over }).uses.get(capability as 'tools')).toBe(field)
  })

  test.each([{}, { reasoning: null }, { reasoning: { effort: 'none' } }, { tools: null }])(
    'with %j uses none but to infer',
    over => {
      expect([...prepared(openaiResponses, { ...base, ...over }).uses]).toEqual([['infer', 'input']])
    },
  )

  test('counts an image in what a tool gave by the figure of the model entry', () => {
    const image = { type: 'input_image', image_url: `data:image/png;base64,${'A'.repeat(10_000)}` }
    const input = [{ type: 'function_call_output', call_id: 'c1', output: [image] }]
    const { inputBound, uses } = prepared(openaiResponses, { ...base, input })
    expect(inputBound).toBeLessThan(2_000)
    expect(uses.get('images')).toBe('input[0].output[0].image_url')
  })
})

describe('a streamed response', () => {
  const usage = {
    input_tokens: 50,
    input_tokens_details: { cached_tokens: 40 },
    output_tokens: 30,
    output_tokens_details: { reasoning_tokens: 20 },
    total_tokens: 80,
  }

  test.each(['response.completed', 'response.incomplete'])('ends with %s and its usage', type => {
    const stream = watching(openaiResponses, base)
    const delta = {
      type: 'response.output_text.delta',
      delta: 'say "response.completed"',
      sequence_number: 4,
    }
    expect(stream.event(event(delta))).toBe(true)
    expect(stream).toMatchObject({ finished: false, failure: undefined })
    expect(stream.usage()).toBeUndefined()
    expect(stream.event(event({ type, response: { usage }, sequence_number: 5 }))).toBe(true)
    expect(stream.finished).toBe(true)
    expect(stream.usage()).toEqual({ input: 50, output: 30 })
  })

  test.each([
    [{ type: 'response.failed', response: { error: { code: 'server_error' }, usage } }, 'server_error', true],
    [{ type: 'error', code: 'rate_limit_exceeded', message: 'org-operator' }, 'rate_limit_exceeded', false],
    [{ type: 'error', error: { code: 'rate_limit_exceeded' } }, 'rate_limit_exceeded', false],
    [{ type: 'error', code: 'No such code, org-operator' }, 'error', false],
  ])('that fails (%j) tells the caller the code alone', (failed, failure, told) => {
    const stream = watching(openaiResponses, base)
    expect(stream.event(event(failed))).toBe(false)
    expect(stream).toMatchObject({ finished: false, failure })
    expect(stream.usage()).toEqual(told ? { input: 50, output: 30 } : undefined)
  })

  test('that is cut ends with the error event of this protocol, next in the sequence', () => {
    const stream = watching(openaiResponses, base)
    stream.event(event({ type: 'response.output_text.delta', delta: 'a', sequence_number: 41 }))
    const text = Buffer.from(stream.errorEvent(refuse('hold_active', 'A hold.'), 'r1')).toString()
    expect(text).toMatch(/^event: error\ndata: .*\n\n$/)
    expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({
      type: 'error',
      sequence_number: 42,
      code: 'hold_active',
      message: expect.any(String),
      param: null,
      error: { sallyport: { code: 'hold_active' } },
    })
  })
})
