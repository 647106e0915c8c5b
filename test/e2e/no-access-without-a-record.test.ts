/** Invariant 1: the intent is durable before the upstream is asked, and each intent gets one outcome. */

import { afterEach, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { told } from '../world/entries.ts'
import { heldUpstream } from '../world/held-upstream.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

test('a call leaves an intent and an outcome that tell who, what, under which clauses, and the charge', async () => {
  world = await openWorld()
  const cedar = world.raw('cedar')
  const response = await cedar.chat()
  const { usage } = (await response.json()) as { usage: { prompt_tokens: number; total_tokens: number } }
  const eid = response.headers.get('x-sallyport-entry') ?? ''
  const [intent, outcome] = await world.store.get([keys.entry(eid), keys.entry(`${eid}.outcome`)])
  if (!intent || !outcome) throw new Error('an entry is missing')

  const body = JSON.parse(intent.body)
  expect(body).toMatchObject({
    class_uid: 6003,
    type_uid: 600301,
    metadata: { uid: eid, profiles: ['ai_operation', 'security_control'] },
    actor: {
      app_uid: world.partner('cedar').client_id,
      app_name: 'triage-notes',
      user: { org: { uid: 'cedar' } },
    },
    api: { operation: 'chat.completions', request: { uid: response.headers.get('x-request-id') } },
    ai_model: { name: 'aurora-preview', ai_provider: 'halcyon' },
  })
  expect(told(intent)).toMatchObject({
    kind: 'intent',
    key: await cedar.thumbprint(),
    grant: world.grant('cedar'),
    clauses: ['quota-1', 'purpose-1', 'capabilities-1', 'named-use-1', 'retention-notice-1'],
    purpose: 'defensive-research',
    meters: [world.meterId('cedar')],
  })
  expect(JSON.parse(outcome.body)).toMatchObject({
    status_id: 1,
    metadata: { correlation_uid: eid },
    message_context: { prompt_tokens: usage.prompt_tokens, total_tokens: usage.total_tokens },
  })
  expect(told(outcome)).toMatchObject({
    kind: 'outcome',
    ending: 'completed',
    charge: usage.total_tokens,
    meters: [{ meter: world.meterId('cedar'), seq: 1 }],
  })
  expect(intent.open).toBeUndefined()
})

test('bodies tell times on a grid of 10 s and no text; the exact time stands apart', async () => {
  world = await openWorld()
  const before = Date.now()
  await (await world.raw('cedar').chat({ messages: [{ role: 'user', content: 'secret-prompt' }] })).text()
  const entries = await world.entries('cedar')
  expect(entries.map(({ entry }) => told(entry).kind).sort()).toEqual(['intent', 'issuance', 'outcome'])
  for (const { entry } of entries) {
    const { time, start_time: start } = JSON.parse(entry.body) as { time: number; start_time?: number }
    expect(time % 10_000).toBe(0)
    expect((start ?? 0) % 10_000).toBe(0)
    expect(Number(entry.exact.time) / 1000).toBeGreaterThanOrEqual(before)
    expect(entry.body).not.toMatch(/secret-prompt|demo upstream/)
  }
})

test('the intent stands before the upstream sees anything', async () => {
  const seen: boolean[] = []
  world = await openWorld()
  const { store } = world
  await using upstream = await heldUpstream(world)
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const call = cedar.chat({}, { token })
  while (upstream.held === 0) await new Promise(resolve => setTimeout(resolve, 2))
  for (const { eid, entry } of await world.entries('cedar')) {
    if (told(entry).kind !== 'intent') continue
    const [outcome] = await store.get([keys.entry(`${eid}.outcome`)])
    seen.push(outcome === undefined && entry.open !== undefined)
  }
  expect(seen).toEqual([true])
  upstream.release()
  expect((await call).status).toBe(200)
})
