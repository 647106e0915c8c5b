/** The rule version, the clause and the agreement's version: told to whoever is known, and in the entry. */
import { describe, expect, test } from 'vitest'
import { keys } from '../../../shared/domain/keys.ts'
import { SignerUnavailable } from '../../../shared/ports/keys.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { signInWorld } from './sign-in-world.ts'
import { type TokenWorld, tokenWorld } from './token-world.ts'

const changeRules = (store: Store, version: number) =>
  store.write({ kind: 'update', key: keys.standing, change: { set: [[['rules'], version]] } })

describe('a workload that is refused a token', () => {
  const refused = async (world: TokenWorld, form: object = {}) => {
    const { body, headers } = await world.token(form)
    const entries = (await world.entries()).map(({ unmapped }) => unmapped)
    return {
      told: body.sallyport,
      recorded: entries.find(({ request }) => request === headers['x-request-id']),
    }
  }

  test('reads the version of the approval rules in force, and so does its entry', async () => {
    const world = await tokenWorld()
    await world.records.client({ state: 'suspended' })
    const first = await refused(world)
    expect(first).toMatchObject({ told: { code: 'client_suspended', rules: 1 }, recorded: { rules: 1 } })
    await changeRules(world.store, 2)
    const second = await refused(world)
    expect(second).toMatchObject({ told: { code: 'client_suspended', rules: 2 }, recorded: { rules: 2 } })
  })

  test('by a clause reads which one, in which version of which agreement', async () => {
    const world = await tokenWorld()
    const [agreement] = await world.store.get([keys.agreement('agreement_1')])
    if (agreement === undefined) throw new Error('no agreement')
    const { id, digest, clauses } = agreement
    const cases = [
      [{ scope: 'infer images' }, 'capability_withheld', clauses.capabilities],
      [{ purpose: 'marketing' }, 'purpose_not_registered', clauses.purpose],
    ] as const
    for (const [form, code, clause] of cases) {
      const grounds = { code, clause, agreement: { id, digest }, rules: 1 }
      expect(await refused(world, form)).toMatchObject({ told: grounds, recorded: grounds })
    }
  })

  test('where no clause asks for it, reads of none', async () => {
    const world = await tokenWorld()
    await world.records.model({ killed: true })
    const { told } = await refused(world)
    expect(told).toEqual({ code: 'model_killed', next: expect.any(String), rules: 1 })
  })

  test('whose token cannot be signed reads it, too', async () => {
    const signers = async () => {
      throw new SignerUnavailable('no key')
    }
    const world = await tokenWorld(() => ({ signers }))
    await changeRules(world.store, 5)
    const { body } = await world.token()
    expect(body.sallyport).toMatchObject({ code: 'signer_unavailable', rules: 5 })
    const recorded = (await world.entries()).map(entry => entry.unmapped)
    expect(recorded).toContainEqual(expect.objectContaining({ code: 'signer_unavailable', rules: 5 }))
  })

  test('gives up a token, and reads it with what was wrong', async () => {
    const world = await tokenWorld()
    expect((await world.revoke({})).body).toMatchObject({ error: 'invalid_request', sallyport: { rules: 1 } })
  })
})

test('whoever has not proved who they are reads no version', async () => {
  const world = await tokenWorld()
  const { body } = await world.token({ client_assertion: await world.assertion({}, world.proofKey) })
  expect(body).toMatchObject({ error: 'invalid_client' })
  expect(body.sallyport).not.toHaveProperty('rules')
})

describe('a person who is refused a token', () => {
  test('reads the version, and so does the entry: at the code, at the refresh, and on the way in', async () => {
    const world = await signInWorld()
    const { refresh_token } = await world.signIn()
    const code = await world.code()
    const { location, cookie } = await world.begin()
    await world.records.person({ state: 'suspended' })
    await changeRules(world.store, 3)
    for (const answer of [await world.redeem(code), await world.refresh(refresh_token)])
      expect(answer.body).toMatchObject({ sallyport: { code: 'person_suspended', rules: 3 } })
    await world.comeBack(world.provider.answer(location as URL), cookie)
    const refusals = (await world.entries()).filter(({ unmapped }) => unmapped.kind === 'sign_in_refusal')
    expect(refusals.map(({ unmapped }) => unmapped.rules)).toEqual([3, 3, 3])
  })

  test('with a refresh token that is none reads no version', async () => {
    const world = await signInWorld()
    const { body } = await world.refresh('none')
    expect(body).toMatchObject({ error: 'invalid_grant' })
    expect(body.sallyport).not.toHaveProperty('rules')
  })
})
