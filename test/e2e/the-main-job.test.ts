/** The main job from a token to a rotated key, one step after the other on one deployment. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { leaveDeadCall } from '../world/dead-call.ts'
import { told } from '../world/entries.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

const model = 'aurora-preview'
const messages = [{ role: 'user' as const, content: 'Say something short.' }]

let world: World
let billed = 0
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

const kinds = async (): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { entry } of await world.entries('cedar')) {
    const kind = String(told(entry).kind)
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

test('it says that it is ready', async () => {
  const response = await fetch(`${world.issuer}/healthz`)
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ status: 'ok', checks: { store: 'ok', signing_key: 'ok' } })
})

test('a workload gets a token that is bound to its key', async () => {
  const token = await world.gateway('cedar').token()
  expect(token).toMatchObject({ token_type: expect.stringMatching(/^dpop$/i), expires_in: 300 })
  expect(await kinds()).toEqual({ issuance: 1 })
})

test('calls through the SDKs of both providers, JSON and streamed', async () => {
  const { openai: baseURL, anthropic, fetch } = world.gateway('cedar')
  const openai = new OpenAI({ baseURL, apiKey: 'unused', fetch })
  const claude = new Anthropic({ baseURL: anthropic, apiKey: 'unused', fetch })

  const json = await openai.chat.completions.create({ model, messages, max_tokens: 20 })
  expect(json.choices[0]?.message.content).toMatch(/demo upstream/)
  billed += json.usage?.total_tokens ?? Number.NaN

  const options = { stream: true, stream_options: { include_usage: true } } as const
  let text = ''
  for await (const chunk of await openai.chat.completions.create({
    model,
    messages,
    max_tokens: 20,
    ...options,
  })) {
    text += chunk.choices[0]?.delta.content ?? ''
    billed += chunk.usage?.total_tokens ?? 0
  }
  expect(text).toMatch(/demo upstream/)

  const message = await claude.messages.stream({ model, messages, max_tokens: 20 }).finalMessage()
  expect(message.stop_reason).toBe('max_tokens')
  billed += message.usage.input_tokens + message.usage.output_tokens
})

test('the budget moved by what the providers billed', async () => {
  const [quota] = await world.gateway('cedar').quota(model)
  expect(quota).toMatchObject({ used: billed, remaining: 50_000_000 - billed, reserved: 0 })
  expect(await world.meter('cedar')).toMatchObject({ used: billed, leases: {} })
})

test('each call left an intent and an outcome', async () => {
  expect(await kinds()).toMatchObject({ intent: 3, outcome: 3 })
  for (const { entry } of await world.entries('cedar')) expect(entry.open).toBeUndefined()
})

test('what was withdrawn is refused on the next request, with its reason', async () => {
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  expect((await cedar.chat({}, { token })).status).toBe(200)
  const state = (value: string) =>
    world.store.write({
      kind: 'update',
      key: keys.grant(world.grant('cedar')),
      change: { set: [[['state'], value]] },
    })
  await state('suspended')
  const refused = await cedar.chat({}, { token })
  expect(refused.status).toBe(403)
  expect(await refused.json()).toMatchObject({ error: { sallyport: { code: 'grant_suspended' } } })
  expect(await kinds()).toMatchObject({ refusal: 1 })
  await state('active')
  expect((await cedar.chat({}, { token })).status).toBe(200)
})

test('the sweeper settles what a gate left that died, and charges what it had reserved', async () => {
  const { used } = await world.meter('cedar')
  const eid = await leaveDeadCall(world, 700, 60_000)
  await world.sweep()
  expect(await world.meter('cedar')).toMatchObject({ used: used + 700, leases: {} })
  const [intent, outcome] = await world.store.get([keys.entry(eid), keys.entry(`${eid}.outcome`)])
  expect(intent?.open).toBeUndefined()
  expect(outcome && told(outcome)).toMatchObject({ ending: 'estimated', charge: 700 })
})

test('the signing key is rotated beside all that', async () => {
  const published = async (): Promise<string[]> => {
    const response = await fetch(`${world.issuer}/.well-known/jwks.json`)
    return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
  }
  const before = await published()
  const { stdout } = await world.operate('rotate')
  expect(stdout).toMatch(/signs from \d{4}-\d\d-\d\dT/)
  const after = await published()
  expect(after).toEqual(expect.arrayContaining(before))
  expect(after).toHaveLength(before.length + 1)
  expect((await world.raw('cedar').chat()).status).toBe(200)
})
