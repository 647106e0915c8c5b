/** What shows only where a reply's bytes arrive as they come, and a client's going is seen. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { told } from '../world/entries.ts'
import { chatBody } from '../world/raw-client.ts'

const model = 'aurora-preview'
const messages = [{ role: 'user' as const, content: 'Say something short.' }]
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

let world: EmbeddedWorld
beforeEach(async () => {
  world = await openEmbedded({ config: { leaseMs: 3_000 } })
})
afterEach(() => world.close())

test('a stream that outlives its lease renews it, and is charged what it cost', async () => {
  await world.script({ pace_ms: 100, tokens: 50, times: 1 })
  const cedar = world.raw('cedar')
  const response = await cedar.chat({ stream: true, max_tokens: 50 })
  expect(await response.text()).toContain('[DONE]')
  const outcomes = (await world.entries('cedar'))
    .map(({ entry }) => told(entry))
    .filter(one => one.kind === 'outcome')
  expect(outcomes).toMatchObject([{ ending: 'completed', charge: (await world.meter('cedar')).used }])
})

/** Ten clients leave at once while the upstream produces; how long the last upstream call stayed open, in ms. */
async function leaveTogether(stream: boolean): Promise<number> {
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const before = await world.stats()
  const leave = new AbortController()
  const body = { ...chatBody, stream, max_tokens: 1_000 }
  const calls = Array.from({ length: 10 }, () =>
    cedar.call('POST', '/openai/v1/chat/completions', { token, body, signal: leave.signal }),
  )
  if (stream) for (const call of calls) await (await call).body?.getReader().read()
  else for (const call of calls) call.catch(() => undefined)
  const produced = async (): Promise<number> => (await world.stats()).tokens_produced - before.tokens_produced
  while ((await world.stats()).in_flight < 10 || (await produced()) < 50) await pause(5)
  leave.abort()
  const left = performance.now()
  while ((await world.stats()).aborted < before.aborted + 10) await pause(2)
  return performance.now() - left
}

test.each([
  ['streams', true],
  ['JSON calls', false],
])(
  '%s that ten clients leave are closed upstream within 100 ms and charged what they can have cost',
  async (_, stream) => {
    await world.script({ pace_ms: 10, tokens: 1_000 })
    const slowest = [await leaveTogether(stream), await leaveTogether(stream), await leaveTogether(stream)]
    // The quickest of three rounds: a machine under load can hold any one of them up.
    expect(Math.min(...slowest)).toBeLessThan(100)

    let meter = await world.meter('cedar')
    while (Object.keys(meter.leases).length > 0) meter = await world.meter('cedar')
    const outcomes = (await world.entries('cedar'))
      .map(({ entry }) => told(entry))
      .filter(one => one.kind === 'outcome')
    expect(outcomes.map(({ ending }) => ending)).toEqual(new Array(30).fill('client_gone'))
    expect(outcomes.reduce((sum, { charge }) => sum + Number(charge), 0)).toBe(meter.used)
    expect(meter.used).toBeGreaterThanOrEqual((await world.stats()).tokens_produced)
    for (const { charge, reserve } of outcomes) expect(charge).toBeLessThanOrEqual(Number(reserve))
  },
)

test('a stream that the openai SDK aborts stops upstream', async () => {
  const { openai: baseURL, fetch } = world.gateway('cedar')
  const openai = new OpenAI({ baseURL, apiKey: 'unused', fetch })
  await world.script({ pace_ms: 10, tokens: 1_000 })
  const { aborted } = await world.stats()
  const stream = await openai.chat.completions.create({ model, messages, max_tokens: 1_000, stream: true })
  for await (const _ of stream) break
  stream.controller.abort()
  while ((await world.stats()).aborted === aborted) await new Promise(resolve => setTimeout(resolve, 5))
  expect((await world.stats()).in_flight).toBe(0)
})

test('a stream that the Anthropic SDK aborts stops upstream', async () => {
  const { anthropic: baseURL, fetch } = world.gateway('cedar')
  const claude = new Anthropic({ baseURL, apiKey: 'unused', fetch })
  await world.script({ pace_ms: 10, tokens: 1_000 })
  const { aborted } = await world.stats()
  const stream = claude.messages.stream({ model, messages, max_tokens: 1_000 })
  stream.on('error', () => undefined)
  for await (const event of stream) if (event.type === 'content_block_delta') break
  stream.abort()
  while ((await world.stats()).aborted === aborted) await new Promise(resolve => setTimeout(resolve, 5))
  expect((await world.stats()).in_flight).toBe(0)
})

test('a stream that is left while the model reasons is charged its reservation', async () => {
  await world.script({ reasoning: 30, tokens: 5, pace_ms: 20 })
  const { openai: baseURL, fetch } = world.gateway('cedar')
  const openai = new OpenAI({ baseURL, apiKey: 'unused', fetch })
  const ask = { model, input: 'Say something short.', max_output_tokens: 40 }
  const stream = await openai.responses.create({ ...ask, reasoning: { effort: 'high' }, stream: true })
  for await (const _ of stream) break
  stream.controller.abort()
  while (Object.keys((await world.meter('cedar')).leases).length > 0) await pause(5)
  const outcome = (await world.entries('cedar'))
    .map(({ entry }) => told(entry))
    .find(one => one.kind === 'outcome')
  expect((await world.meter('cedar')).used).toBe(outcome?.reserve)
})
