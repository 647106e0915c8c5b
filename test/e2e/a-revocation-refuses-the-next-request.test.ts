/** Invariant 3: what was stopped is refused at once, and live streams end within 2 s. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { type Change, type Key, type Store, StoreUnavailable } from '../../shared/ports/store.ts'
import { told } from './entries.ts'
import { openWorld, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld({ config: { leaseMs: 3_000 } })
})
afterEach(() => world.close())

const stops: [string, string, Key, Change][] = [
  [
    'a hold',
    'hold_active',
    keys.standing,
    { set: [[['holds', 'h'], { scope: { organisation: 'cedar' }, reason: 'review', placedAt: 1 }]] },
  ],
  [
    'a suspended partner',
    'partner_suspended',
    keys.organisation('cedar'),
    { set: [[['partner'], 'suspended']] },
  ],
  ['a revoked grant', 'grant_revoked', keys.grant('grant_cedar'), { set: [[['state'], 'revoked']] }],
  ['the kill switch', 'model_killed', keys.model('aurora-preview'), { set: [[['killed'], true]] }],
]

describe.each(stops)('%s', (_, code, key, change) => {
  test('refuses the next request and cuts live streams, with the error of each protocol', async () => {
    await world.script({ pace_ms: 20, tokens: 1_000 })
    const cedar = world.raw('cedar')
    const token = await cedar.token()
    const streams = [
      await cedar.chat({ stream: true, max_tokens: 1_000 }, { token }),
      await cedar.messages({ stream: true, max_tokens: 1_000 }, { token }),
    ]
    const texts = streams.map(stream => stream.text())
    await world.sallyport.store.write({ kind: 'update', key, change })
    const stoppedAt = performance.now()
    expect((await cedar.chat({}, { token })).status).toBe(403)

    const [openai = '', anthropic = ''] = await Promise.all(texts)
    expect(performance.now() - stoppedAt).toBeLessThan(2_000)
    const last = (text: string): string => text.trim().split('\n\n').at(-1) ?? ''
    expect(last(openai)).toMatch(/^data: \{"error":/)
    expect(last(openai)).toContain(`"code":"${code}"`)
    expect(last(anthropic)).toMatch(/^event: error\ndata: \{"type":"error"/)
    expect(last(anthropic)).toContain(`"code":"${code}"`)
    expect((await world.stats()).in_flight).toBe(0)

    const outcomes = (await world.entries('cedar'))
      .map(({ entry }) => told(entry))
      .filter(one => one.kind === 'outcome')
    expect(outcomes).toHaveLength(2)
    for (const outcome of outcomes) expect(outcome).toMatchObject({ ending: 'cut', code })
  })
})

test('a stream ends when the grant that admitted it does', async () => {
  await world.script({ pace_ms: 20, tokens: 1_000 })
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const endsAt = Date.now() + 1_500
  await world.sallyport.store.write({
    kind: 'update',
    key: keys.grant('grant_cedar'),
    change: { set: [[['expiresAt'], endsAt]] },
  })
  const text = await (await cedar.chat({ stream: true, max_tokens: 1_000 }, { token })).text()
  expect(text).toContain('"code":"grant_expired"')
  expect(Math.abs(Date.now() - endsAt)).toBeLessThan(500)
})

test('a stream whose authority cannot be read for 1.5 s ends', async () => {
  await world.close()
  let down = false
  const wrap = (store: Store): Store => ({
    ...store,
    get: async keys => {
      if (down) throw new StoreUnavailable('down')
      return store.get(keys)
    },
  })
  world = await openWorld({ wiring: { wrap } })
  await world.script({ pace_ms: 20, tokens: 1_000 })
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const response = await cedar.chat({ stream: true, max_tokens: 1_000 }, { token })
  down = true
  const since = performance.now()
  const text = await response.text()
  down = false
  expect(text).toContain('"code":"store_unavailable"')
  expect(performance.now() - since).toBeLessThan(2_000)
})

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

test('a token given up is refused at once', async () => {
  const gateway = world.gateway('cedar')
  const { access_token: token } = await gateway.token()
  const cedar = world.raw('cedar')
  const own = await cedar.token()
  expect((await cedar.chat({}, { token: own })).status).toBe(200)
  const form = {
    token: own,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await cedar.assertion(),
  }
  expect((await cedar.post('/oauth/revoke', form)).status).toBe(200)
  expect((await cedar.chat({}, { token: own })).status).toBe(401)
  await gateway.revoke(token)
  const revocations = (await world.entries('cedar')).filter(({ entry }) => told(entry).kind === 'revocation')
  expect(revocations).toHaveLength(2)
})
