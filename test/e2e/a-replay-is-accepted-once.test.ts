/** Invariant 4, raced over HTTP, with the ids on disk and in memory. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { told } from './entries.ts'
import { chatBody } from './raw-client.ts'
import { openWorld, type World } from './world.ts'

const race = <T>(n: number, run: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: n }, run))

interface TokenAnswer {
  readonly status: number
  readonly error?: string
  readonly sallyport?: { readonly code: string }
}

describe.each([
  ['on disk', {}],
  ['in memory', { database: ':memory:' }],
])('%s', (_, wiring) => {
  let world: World
  let cedar: ReturnType<World['raw']>
  beforeAll(async () => {
    world = await openWorld({ wiring })
    cedar = world.raw('cedar')
    await cedar.challenge()
  })
  afterAll(() => world.close())

  async function answers(request: () => Promise<Response>): Promise<TokenAnswer[]> {
    return race(20, async () => {
      const response = await request()
      return { status: response.status, ...((await response.json()) as object) }
    })
  }

  test('the same assertion, 20 times at once with fresh proofs, gets one token', async () => {
    const assertion = await cedar.assertion()
    const all = await answers(() => cedar.tokenRequest({ assertion }))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(all.filter(({ status, error }) => status === 401 && error === 'invalid_client')).toHaveLength(19)
  })

  test('the same proof, 20 times at once with fresh assertions, gets one token', async () => {
    const proof = await cedar.proof('POST', '/oauth/token')
    const all = await answers(() => cedar.tokenRequest({ proof }))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
    const refused = all.filter(({ error }) => error === 'invalid_dpop_proof')
    expect(refused).toHaveLength(19)
    expect(refused[0]).toMatchObject({ status: 400, sallyport: { code: 'proof_replayed' } })
  })

  test('the same proof, 20 times at once at the gate, makes one call', async () => {
    const token = await cedar.token()
    const proof = await cedar.proof('POST', '/openai/v1/chat/completions', {}, token)
    const before = (await world.stats()).finished
    const all = await race(20, () =>
      cedar.call('POST', '/openai/v1/chat/completions', { token, proof, body: chatBody }),
    )
    expect(all.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(401)])
    expect((await world.stats()).finished - before).toBe(1)
    const intents = (await world.entries('cedar')).filter(({ entry }) => told(entry).kind === 'intent')
    expect(intents).toHaveLength(1)
  })

  test.each([
    ['a bad proof', () => cedar.proof('GET', '/oauth/token'), 'invalid_dpop_proof'],
    [
      'no nonce',
      () => cedar.proof('POST', '/oauth/token', { claims: { nonce: undefined } }),
      'use_dpop_nonce',
    ],
    [
      'an old nonce',
      () => cedar.proof('POST', '/oauth/token', { claims: { nonce: 'b2xk' } }),
      'use_dpop_nonce',
    ],
  ])('%s does not spend the assertion', async (_, proof, error) => {
    const assertion = await cedar.assertion()
    const refused = await cedar.tokenRequest({ assertion, proof: await proof() })
    expect({ status: refused.status, error: ((await refused.json()) as TokenAnswer).error }).toEqual({
      status: 400,
      error,
    })
    expect((await cedar.tokenRequest({ assertion })).status).toBe(200)
    expect((await cedar.tokenRequest({ assertion })).status).toBe(401)
  })
})
