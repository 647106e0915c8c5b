import { describe, expect, test } from 'vitest'
import { parseJson } from '../../../shared/upstream/json.ts'
import { openaiEmbeddings } from '../../../shared/upstream/openai-embeddings.ts'
import { prepared, read } from './reading.ts'

const base = { model: 'aurora', input: 'hello' }

describe('a request of embeddings', () => {
  test.each([
    ['a text', 'hello', 1],
    ['texts', ['a', 'b', 'c'], 3],
    ['token ids', [1, 2, 3], 1],
    ['lists of token ids', [[1, 2], [3]], 2],
  ])('of %s reserves its bytes and the overhead of each input', (_, input, inputs) => {
    const { body, inputBound, ceiling, watch } = prepared(openaiEmbeddings, { ...base, input })
    expect(inputBound).toBe(body.byteLength + 16 + inputs * 8)
    expect(ceiling).toBe(inputBound)
    expect(watch).toBeUndefined()
  })

  test('uses the capability to embed, not that to infer', () => {
    expect([...prepared(openaiEmbeddings, base).uses]).toEqual([['embed', 'input']])
  })

  test.each([
    [[], 'input'],
    [[1, 'a'], 'input'],
    [[-1], 'input'],
    [[1.5], 'input'],
    [[[1], []], 'input[1]'],
    [{}, 'input'],
  ])('of %j is refused by the field', (input, field) => {
    expect(read(openaiEmbeddings, { ...base, input })).toMatchObject({
      code: 'body_malformed',
      facts: { field: expect.stringContaining(field.slice(0, 5)) },
    })
  })

  test('of a stream is refused: there is none', () => {
    expect(read(openaiEmbeddings, { ...base, stream: true })).toMatchObject({ code: 'field_not_allowed' })
  })

  test('may have as many token ids as the provider takes, and not many more', () => {
    const bytes = (ids: number): Buffer =>
      Buffer.from(JSON.stringify({ ...base, input: new Array(ids).fill(100_257) }))
    expect(parseJson(bytes(300_000), openaiEmbeddings.maxValues)).toHaveProperty('value')
    expect(parseJson(bytes(400_000), openaiEmbeddings.maxValues)).toMatchObject({ code: 'body_malformed' })
  })

  test('costs what the provider says of its input', () => {
    expect(openaiEmbeddings.usage('{"usage":{"prompt_tokens":8,"total_tokens":8}}')).toEqual({
      input: 8,
      output: 0,
    })
    expect(openaiEmbeddings.usage('{"data":[]}')).toBeUndefined()
  })
})
