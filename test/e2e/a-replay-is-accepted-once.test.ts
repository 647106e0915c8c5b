/** Invariant 4, raced over HTTP. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { told } from '../world/entries.ts'
import { openWorld } from '../world/open.ts'
import { chatBody } from '../world/raw-client.ts'
import type { World } from '../world/world.ts'

/** As many as every target can have under way at once. */
const times = 12

const race = <T>(run: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: times }, run))

interface TokenAnswer {
  readonly status: number
  readonly error?: string
  readonly sallyport?: { readonly code: string }
}

let world: World
let cedar: ReturnType<World['raw']>
beforeAll(async () => {
  world = await openWorld()
  cedar = world.raw('cedar')
  await cedar.challenge()
})
afterAll(() => world.close())

async function answers(request: () => Promise<Response>): Promise<TokenAnswer[]> {
  return race(async () => {
    const response = await request()
    return { status: response.status, ...((await response.json()) as object) }
  })
}

test('the same assertion, 12 times at once with fresh proofs, gets one token', async () => {
  const assertion = await cedar.assertion()
  const all = await answers(() => cedar.tokenRequest({ assertion }))
  expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(all.filter(({ status, error }) => status === 401 && error === 'invalid_client')).toHaveLength(
    times - 1,
  )
})

test('the same proof, 12 times at once with fresh assertions, gets one token', async () => {
  const proof = await cedar.proof('POST', '/oauth/token')
  const all = await answers(() => cedar.tokenRequest({ proof }))
  expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
  const refused = all.filter(({ error }) => error === 'invalid_dpop_proof')
  expect(refused).toHaveLength(times - 1)
  expect(refused[0]).toMatchObject({ status: 400, sallyport: { code: 'proof_replayed' } })
})

test('the same proof, 12 times at once at the gate, makes one call', async () => {
  const token = await cedar.token()
  const proof = await cedar.proof('POST', '/openai/v1/chat/completions', {}, token)
  const before = (await world.stats()).finished
  const all = await race(() =>
    cedar.call('POST', '/openai/v1/chat/completions', { token, proof, body: chatBody }),
  )
  expect(all.map(({ status }) => status).sort()).toEqual([200, ...Array(times - 1).fill(401)])
  expect((await world.stats()).finished - before).toBe(1)
  const intents = (await world.entries('cedar')).filter(({ entry }) => told(entry).kind === 'intent')
  expect(intents).toHaveLength(1)
})

test.each([
  ['a bad proof', () => cedar.proof('GET', '/oauth/token'), 'invalid_dpop_proof'],
  ['no nonce', () => cedar.proof('POST', '/oauth/token', { claims: { nonce: undefined } }), 'use_dpop_nonce'],
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
