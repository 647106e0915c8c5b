/** A sponsor who was once named for a client that they could never confirm. */
import { beforeEach, describe, expect, test } from 'vitest'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Role } from '../../../../shared/domain/parties.ts'
import { applied, day, start, told } from './grant-world.ts'
import { type HitWorld, hitWorld } from './hit-world.ts'

let world: HitWorld
beforeEach(async () => {
  world = await hitWorld()
})

const without: readonly (readonly [string, readonly Role[]])[] = [
  ['consults', ['consultant']],
  ['has no role', []],
]
const within: readonly (readonly [string, readonly Role[]])[] = [
  ['is counsel', ['counsel']],
  ['consults and is counsel', ['consultant', 'counsel']],
]

const name = (sponsor: string) =>
  world.decide('nora', 'client.ticket', 'client_new', {
    ticket: 'ticket_1',
    hash: 'hash',
    for: { kind: 'enrol', client: 'workload', name: 'batch', expiresAt: start + 300 * day, sponsor },
  })

describe.each(without)('somebody of an office who %s', (_, roles) => {
  const sponsor = { person: 'olga', confirmedUntil: start + 10 * day }
  beforeEach(async () => {
    await world.person('olga', { roles })
    await world.client('client_o', 'ofr', { sponsor })
  })

  test('is not named sponsor of a client to be', async () => {
    expect(told(await name('olga'))).toBe('body_malformed sponsor')
    expect(await world.has(keys.ticket('hash'))).toBe(false)
  })

  test('does not go on as a sponsor, nor is handed a client', async () => {
    expect(told(await world.decide('nora', 'client.confirm', 'client_o'))).toBe('body_malformed sponsor')
    const to = (person: string) => world.decide('nora', 'client.confirm', 'client_o', { sponsor: person })
    expect(told(await to('olga'))).toBe('body_malformed sponsor')
    expect(await world.get(keys.client('client_o'))).toMatchObject({ sponsor, rev: 1 })
    expect(told(await to('neil'))).toBe('applied')
  })

  test('is not waited for: another has to be named', async () => {
    await lapse(world.deps)
    expect((await world.notices('ofr')).join('\n')).toContain('answers for nobody any more')
  })
})

test('whoever consults answers for people all the same: they are shown them', async () => {
  await world.person('olga', { roles: ['consultant'] })
  await world.person('neil', { sponsor: { person: 'olga', confirmedUntil: start + day } })
  expect(told(await world.decide('nora', 'person.confirm', 'neil'))).toBe('applied')
})

test.each(within)('whoever %s is named, and confirms', async (_, roles) => {
  await world.person('olga', { roles })
  expect(told(await name('olga'))).toBe('applied')
  await world.client('client_o', 'ofr', { sponsor: { person: 'olga', confirmedUntil: start + day } })
  applied(await world.decide('olga', 'client.confirm', 'client_o'))
  expect((await world.get(keys.client('client_o'))).sponsor).toEqual({
    person: 'olga',
    confirmedUntil: start + 90 * day,
  })
})
