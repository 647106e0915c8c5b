/** Invariant 3: what was stopped is refused at once, and live streams end within 2 s. */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import type { Change, Key, WriteOp } from '../../shared/ports/store.ts'
import { crowd, turnedAway } from '../world/busy.ts'
import { told } from '../world/entries.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.close())

interface Stop {
  readonly code: string
  readonly status: 401 | 403
  /** Written to the registry, as governance will. */
  readonly write: (token: string) => WriteOp
}

const update = (key: Key, change: Change): WriteOp => ({ kind: 'update', key, change })
const hold = { scope: { organisation: 'cedar' }, reason: 'other', placedAt: 1 }
const stops: [string, Stop][] = [
  [
    'a hold',
    {
      code: 'hold_active',
      status: 403,
      write: () => update(keys.standing, { set: [[['holds', 'h'], hold]] }),
    },
  ],
  [
    'a suspended partner',
    {
      code: 'partner_suspended',
      status: 403,
      write: () => update(keys.organisation('cedar'), { set: [[['partner'], 'suspended']] }),
    },
  ],
  [
    'a revoked grant',
    {
      code: 'grant_revoked',
      status: 403,
      write: () => update(keys.grant(world.grant('cedar')), { set: [[['state'], 'revoked']] }),
    },
  ],
  [
    'the kill switch',
    {
      code: 'model_killed',
      status: 403,
      write: () => update(keys.model('aurora-preview'), { set: [[['killed'], true]] }),
    },
  ],
  [
    'a revoked token',
    {
      code: 'token_revoked',
      status: 401,
      write: token => ({
        kind: 'put',
        key: keys.revokedToken(decodeJwt(token).jti ?? ''),
        item: { by: 'test', exp: Math.floor(Date.now() / 1000) + 300 },
      }),
    },
  ],
  [
    'a compromised signing key',
    {
      code: 'key_compromised',
      status: 401,
      write: token =>
        update(keys.standing, { set: [[['compromised', decodeProtectedHeader(token).kid ?? ''], 1]] }),
    },
  ],
]

describe.each(stops)('%s', (_, { code, status, write }) => {
  test('refuses the next requests, 1,000 where that many can be made, and cuts live streams, with the error of each protocol', async () => {
    const { streams: many, tries } = crowd(world)
    const busy = turnedAway(world)
    await world.script({ pace_ms: 100, tokens: 1_000 })
    const cedar = world.raw('cedar')
    const token = await cedar.token()
    const limit = { stream: true, max_tokens: 1_000 }
    const input = { model: 'aurora-preview', input: 'Say something.', stream: true, max_output_tokens: 1_000 }
    const open = [
      () => cedar.chat(limit, { token }),
      () => cedar.messages(limit, { token }),
      () => cedar.call('POST', '/openai/v1/responses', { token, body: input }),
    ]
    const streams = Array.from({ length: many }, (_, i) => open[i % 3]?.() as Promise<Response>)
    const texts = Promise.all(streams.map(async stream => (await stream).text()))
    while ((await world.stats()).in_flight < many) await new Promise(resolve => setTimeout(resolve, 10))

    await world.store.write(write(token))
    const stoppedAt = performance.now()
    expect((await cedar.chat({}, { token })).status).toBe(status)
    const endings = (await texts).map(text => text.trim().split('\n\n').at(-1) ?? '')
    // Elsewhere it is the time of the slowest process among many on one machine.
    if (world.live) expect(performance.now() - stoppedAt).toBeLessThan(2_000)
    endings.forEach((last, i) => {
      expect(last).toMatch(
        [/^data: \{"error":/, /^event: error\ndata: \{"type":"error"/, /^event: error\n/][i % 3] ?? '',
      )
    })
    // Where a store is too busy to be read again the stream is cut for that, as it must be.
    const cutFor = endings.map(last => /"code":"(\w+)"/.exec(last)?.[1] ?? '')
    expect(cutFor).toContain(code)
    expect(cutFor.filter(one => one !== code && !busy.has(one))).toEqual([])
    expect((await world.stats()).in_flight).toBe(0)

    const answers: number[] = []
    while (answers.length < tries) {
      const wave = Array.from({ length: many }, () => cedar.chat({}, { token }))
      answers.push(...(await Promise.all(wave)).map(answer => answer.status))
    }
    expect(answers).toContain(status)
    expect(answers.filter(one => one !== status && (world.live || one !== 503))).toEqual([])
    expect((await world.stats()).requests).toBe(many)
    const outcomes = (await world.entries('cedar'))
      .map(({ entry }) => told(entry))
      .filter(one => one.kind === 'outcome')
    expect(outcomes).toHaveLength(many)
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ ending: 'cut', code: expect.any(String), rules: expect.any(Number) })
    expect(outcomes.map(outcome => outcome.code).toSorted()).toEqual(cutFor.toSorted())
    expect((await world.meter('cedar')).leases).toEqual({})
  })
})

test('a stream ends when the grant that admitted it does', async () => {
  await world.script({ pace_ms: 20, tokens: 1_000 })
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const endsAt = Date.now() + 1_500
  await world.store.write({
    kind: 'update',
    key: keys.grant(world.grant('cedar')),
    change: { set: [[['expiresAt'], endsAt]] },
  })
  const text = await (await cedar.chat({ stream: true, max_tokens: 1_000 }, { token })).text()
  expect(text).toContain('"code":"grant_expired"')
  const late = Date.now() - endsAt
  if (world.live) expect(late).toBeGreaterThan(-500)
  if (world.live) expect(late).toBeLessThan(2_000)
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
