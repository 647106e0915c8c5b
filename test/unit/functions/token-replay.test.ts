import { describe, expect, test } from 'vitest'
import type { TransactOp } from '../../../shared/ports/store.ts'
import { type TokenWorld, tokenWorld } from './token-world.ts'

const twenty = Array.from({ length: 20 })

describe('a replay is accepted once, under any concurrency', () => {
  test('the same assertion with twenty proofs at once', async () => {
    const world = await tokenWorld()
    const client_assertion = await world.assertion()
    const answers = await Promise.all(twenty.map(() => world.token({ client_assertion })))
    const tally = Object.groupBy(answers, ({ status }) => String(status))
    expect(tally['200']).toHaveLength(1)
    expect(tally['401']).toHaveLength(19)
    for (const { body } of tally['401'] ?? [])
      expect(body.error_description).toBe('The assertion was used before.')
    const kinds = (await world.entries()).map(entry => entry.unmapped.kind)
    expect(kinds.sort()).toEqual(['issuance', 'token_refusal'])
  })

  test('the same proof with twenty assertions at once', async () => {
    const world = await tokenWorld()
    const proof = await world.proof()
    const assertions = await Promise.all(twenty.map(() => world.assertion()))
    const answers = await Promise.all(
      assertions.map(async client_assertion => ({
        client_assertion,
        ...(await world.token({ client_assertion }, [proof])),
      })),
    )
    const refused = answers.filter(({ status }) => status !== 200)
    expect(refused).toHaveLength(19)
    for (const { body } of refused)
      expect([body.error, body.sallyport?.code]).toEqual(['invalid_dpop_proof', 'proof_replayed'])

    const again = await Promise.all(refused.map(({ client_assertion }) => world.token({ client_assertion })))
    expect(again.map(({ status }) => status)).toEqual(refused.map(() => 200))
  })

  test('the same token request twenty times at once', async () => {
    const world = await tokenWorld()
    const form = { client_assertion: await world.assertion() }
    const proof = await world.proof()
    const answers = await Promise.all(twenty.map(() => world.token(form, [proof])))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('not even where the second has hung until the store removed what the first had spent', async () => {
    let spent: readonly TransactOp[] | undefined
    const world: TokenWorld = await tokenWorld(store => ({
      store: {
        ...store,
        transact: async ops => {
          if (spent) {
            world.pass(200_000)
            for (const { key } of spent) await store.write({ kind: 'remove', key })
          }
          spent = ops.filter(({ key }) => key.table === 'spent')
          return store.transact(ops)
        },
      },
    }))
    const form = { client_assertion: await world.assertion() }
    const proof = await world.proof()
    expect((await world.token(form, [proof])).status).toBe(200)
    const second = await world.token(form, [proof])
    expect(second.body).toMatchObject({
      error: 'temporarily_unavailable',
      sallyport: { code: 'store_unavailable' },
    })
  })

  test('the same assertion at the token endpoint and at the revocation endpoint', async () => {
    const world = await tokenWorld()
    const client_assertion = await world.assertion()
    const answers = await Promise.all([
      world.token({ client_assertion }),
      world.revoke({ client_assertion, token: 'x' }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
  })
})
