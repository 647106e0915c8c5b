import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { demoWorld } from './demo-world.ts'

const { openai, script, stats } = await demoWorld()

const model = 'demo-model'
const vectorsOf = ({ data }: OpenAI.CreateEmbeddingResponse) => data.map(({ embedding }) => [...embedding])
const lengthOf = (vector: readonly number[] | undefined) => Math.hypot(...(vector ?? []))

describe('POST /v1/embeddings', () => {
  it('makes of each text a vector of length 1, the same in both encodings', async () => {
    const request = { model, input: ['one text', 'another', 'one text'], dimensions: 8 }
    const asFloats = await openai.embeddings.create({ ...request, encoding_format: 'float' })
    // The SDK asks for base64 by itself, and reads it.
    const asBase64 = await openai.embeddings.create(request)

    const [first, second, third] = vectorsOf(asFloats)
    expect(first).toHaveLength(8)
    expect(lengthOf(first)).toBeCloseTo(1)
    expect(second).not.toEqual(first)
    expect(third).toEqual(first)
    expect(vectorsOf(asBase64)).toEqual([first, second, third])
    expect(asFloats).toMatchObject({
      object: 'list',
      model,
      data: [
        { object: 'embedding', index: 0 },
        { object: 'embedding', index: 1 },
        { object: 'embedding', index: 2 },
      ],
      usage: { prompt_tokens: 6, total_tokens: 6 },
    })
  })

  it('leaves base64 as it is to who asks for it', async () => {
    const { data } = await openai.embeddings.create({
      model,
      input: 'a',
      dimensions: 3,
      encoding_format: 'base64',
    })
    expect(Buffer.from(data[0]?.embedding ?? '', 'base64')).toHaveLength(12)
  })

  it.each([
    ['one text as tokens', [5, 6, 7], 1],
    ['several texts as tokens', [[5, 6], [7]], 2],
  ])('takes %s, and counts each', async (_, input, texts) => {
    const { data, usage } = await openai.embeddings.create({ model, input })
    expect(data.map(({ embedding }) => embedding.length)).toEqual(Array(texts).fill(1_536))
    expect(usage).toEqual({ prompt_tokens: 3, total_tokens: 3 })
  })

  it('produces no tokens, and bills as scripted', async () => {
    await script({ bill: 5, tool: { name: 'unused', arguments: {} }, reasoning: 3 })
    const { tokens_produced } = await stats()
    const { usage } = await openai.embeddings.create({ model, input: 'four' })
    expect(usage).toEqual({ prompt_tokens: 5, total_tokens: 5 })
    expect(await stats()).toMatchObject({ tokens_produced })
    await script({ omit_usage: true })
    expect(await openai.embeddings.create({ model, input: 'four' })).not.toHaveProperty('usage')
  })

  it.each([
    [{ fail: { status: 503 } }, OpenAI.InternalServerError],
    [{ error_after: 0 }, OpenAI.InternalServerError],
    [{ break_after: 0 }, OpenAI.APIConnectionError],
  ])('fails as scripted: %j', async (behaviour, error) => {
    await script(behaviour)
    await expect(openai.embeddings.create({ model, input: 'a' })).rejects.toBeInstanceOf(error)
  })

  it.each([
    ['input', { input: '' }],
    ['input', { input: [] }],
    ['input', { input: [1, 'a'] as string[] }],
    ['dimensions', { input: 'a', dimensions: 0 }],
  ])('names the field at fault: %s of %j', async (param, body) => {
    await expect(openai.embeddings.create({ model, ...body })).rejects.toMatchObject({ status: 400, param })
  })
})
