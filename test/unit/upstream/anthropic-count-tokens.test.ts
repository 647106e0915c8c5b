import { describe, expect, test } from 'vitest'
import { anthropicCountTokens } from '../../../shared/upstream/anthropic-count-tokens.ts'
import { bare, messages, prepared, read } from './reading.ts'

const base = { model: 'aurora', messages }

describe('a count of tokens', () => {
  test('reserves nothing, for nothing is produced and nothing billed', () => {
    const { ceiling, inputBound, watch, sent } = prepared(anthropicCountTokens, base)
    expect({ ceiling, inputBound, watch }).toEqual({ ceiling: 0, inputBound: 0, watch: undefined })
    expect(sent).toEqual({ model: 'inner', messages })
  })

  test.each(['max_tokens', 'stream', 'temperature'])('takes no %s', field => {
    expect(read(anthropicCountTokens, { ...base, [field]: 1 })).toMatchObject({
      code: 'field_not_allowed',
      facts: { field },
    })
  })

  test('of what the agreement withholds uses the capability too', () => {
    const tools = [{ name: 'f', input_schema: {} }]
    expect([...prepared(anthropicCountTokens, { ...base, tools }).uses]).toEqual([
      ['infer', 'messages'],
      ['tools', 'tools'],
    ])
  })

  test('of an image at a model without a figure for images is refused', () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'AA' }
    const seen = { ...base, messages: [{ role: 'user', content: [{ type: 'image', source }] }] }
    expect(read(anthropicCountTokens, seen, bare)).toMatchObject({ code: 'field_not_allowed' })
  })

  test('costs nothing, whatever it counted; a reply that counts nothing is none', () => {
    expect(anthropicCountTokens.usage('{"input_tokens":2095}')).toEqual({ input: 0, output: 0 })
    expect(anthropicCountTokens.usage('{"input_tokens":"many"}')).toBeUndefined()
  })
})
