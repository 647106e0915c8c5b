/** Names that every object has by itself: one of them as the id of a party once stood for its signature. */
import { beforeEach, expect, test } from 'vitest'
import { type AgreementWorld, accessBody, agreementWorld } from './agreement-world.ts'
import { applied, told } from './grant-world.ts'

let world: AgreementWorld
beforeEach(async () => {
  world = await agreementWorld()
})

test('an agreement with a partner of such a name is not signed by its developer alone', async () => {
  await world.records.organisation({
    id: 'constructor',
    name: 'Constructor Works',
    kind: 'partner',
    state: 'active',
    partner: 'active',
    developers: ['halcyon'],
    governments: ['ofr'],
  })
  const id = await world.offered(accessBody({ counterparty: 'constructor' }))
  applied(await world.sign('dana', id))
  expect((await world.agreementOf(id)).state).toBe('offered')
})

test('no organisation is nominated by such a name', async () => {
  const params = { name: 'Constructor Works', developer: 'halcyon', government: 'ofr' }
  expect(told(await world.decide('dana', 'partner.nominate', 'constructor', params))).not.toBe('applied')
})
