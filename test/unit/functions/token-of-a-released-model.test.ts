/** Whom others than its developer have stopped gets a token for a released model, and for nothing else. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '../../../shared/domain/records.ts'
import { issuer, start, type TokenWorld, tokenWorld, told } from './token-world.ts'

const aurora = `${issuer}/models/aurora-preview`
const api = `${issuer}/api`

let world: TokenWorld
beforeEach(async () => {
  world = await tokenWorld()
})

const stop = (organisation: string): NonNullable<Client['stop']> => ({
  by: { person: 'p', name: 'Nora', organisation, role: 'nsa-admin', at: start, authTime: start },
  reason: { code: 'legal_order', text: 'An order.' },
  entry: 'entry_1',
  ratifyBy: start,
})
const codeOf = async (form: object): Promise<unknown> => {
  const answer = await world.token(form)
  return answer.status === 200 ? 'issued' : told(answer)[3]
}

describe.each([
  [
    'a client that an office suspended',
    'client_suspended',
    () => world.records.client({ state: 'suspended', stop: stop('office') }),
  ],
  [
    'a client that an office holds',
    'hold_active',
    () =>
      world.records.standing({
        hold_1: { scope: { client: 'client_1' }, reason: 'legal_order', placedAt: start, by: 'office' },
      }),
  ],
] as const)('%s', (_, code, make) => {
  test('gets no token before the release', async () => {
    await make()
    for (const resource of [aurora, api, undefined])
      expect(await codeOf(resource === undefined ? {} : { resource })).toBe(code)
  })

  test('gets one for the released model, and none for the API', async () => {
    await make()
    await world.records.model({ state: 'released' })
    expect(await codeOf({ resource: aurora })).toBe('issued')
    expect(await codeOf({ resource: api })).toBe(code)
    expect(await codeOf({ resource: `${issuer}/models/borealis` })).toBe(code)
  })

  test('is not told which models there are', async () => {
    await make()
    expect(await codeOf({ resource: `${issuer}/models/nowhere` })).toBe(code)
  })
})

test('whom its own organisation or the developer stopped gets none', async () => {
  await world.records.model({ state: 'released' })
  for (const by of ['organisation_1', 'organisation_2']) {
    await world.records.client({ state: 'suspended', stop: stop(by) })
    expect(await codeOf({ resource: aurora })).toBe('client_suspended')
  }
})

test('a client that stays suspended is not marked as seen', async () => {
  await world.records.model({ state: 'released' })
  await world.records.client({ state: 'suspended', stop: stop('office') })
  expect(await codeOf({ resource: aurora })).toBe('issued')
  expect(await codeOf({ resource: aurora })).toBe('issued')
})
