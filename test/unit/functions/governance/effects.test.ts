/** Dry runs: what a stop is said to hit is what admission and sign-in refuse, and names nobody's attributes. */
import { beforeEach, describe, expect, test } from 'vitest'
import { preview } from '../../../../functions/governance/engine/decide.ts'
import { countEffects } from '../../../../functions/governance/engine/effects.ts'
import { keys, listed } from '../../../../shared/domain/keys.ts'
import type { Attributes, Person, Session } from '../../../../shared/domain/parties.ts'
import type { Subject } from '../../../../shared/domain/proposals.ts'
import type { Client, HoldScope } from '../../../../shared/domain/records.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { day, type GrantWorld, grantWorld, reason, start } from './grant-world.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const attested = (fields: { nationality?: string; region?: string }, days = 100): Attributes => ({
  ...(fields.nationality && {
    nationality: { value: fields.nationality, expiresAt: start + days * day, by: 'pat' },
  }),
  ...(fields.region && { region: { value: fields.region, expiresAt: start + days * day, by: 'pat' } }),
})
const french = attested({ nationality: 'FR' })

const person = (id: string, change: Partial<Person>) =>
  world.store.write({
    kind: 'update',
    key: keys.person(id),
    change: { set: Object.entries(change).map(([name, value]) => [[name], value] as const) },
  })

/** Somebody beside `like`, with an id as people have it. */
async function another(id: string, like: string): Promise<string> {
  const one = await world.get(keys.person(like))
  const item = { ...one, id, ...listed('person', one.organisation, id) }
  await world.store.write({ kind: 'put', key: keys.person(id), item })
  return id
}

const session = (of: string, id: string, change: Partial<Session> = {}) => {
  const item: Partial<Session> = {
    id,
    person: of,
    state: 'active',
    endsAt: start + 8 * 3_600_000,
    usedAt: start,
    ...change,
  }
  return world.store.write({
    kind: 'put',
    key: keys.session(id),
    item: { ...item, ...listed('session', of, id) } as Session & ReturnType<typeof listed>,
  })
}

const client = (id: string, change: Partial<Client> = {}) => world.records.client({ id, name: id, ...change })

const aboutHold: Subject = {
  kind: 'hold',
  id: 'hold_1',
  name: 'a hold',
  rev: 0,
  organisation: 'cedar',
  developers: ['halcyon'],
  governments: ['ofr'],
}
const count = (scope: HoldScope, subject = aboutHold) =>
  countEffects(world.store, scope, [], subject, world.now())

describe('a hold', () => {
  test('hits people by what is attested of them, by organisation, beside the clients', async () => {
    await person('uma', { attributes: french })
    await person('rita', { attributes: french })
    await person('pat', { attributes: attested({ nationality: 'DE' }) })
    await client('client_1', { attributes: french })
    await client('client_2', { attributes: french })
    const { effects, hit } = await count({ nationality: 'FR' })
    expect(effects).toMatchObject({ clientCount: 2, people: 2 })
    expect(hit).toEqual([
      { organisation: 'cedar', clients: 2, people: 1 },
      { organisation: 'prairie', clients: 0, people: 1 },
    ])
    expect((await count({ nationality: 'FR', organisation: 'prairie' })).hit).toEqual([
      { organisation: 'prairie', clients: 0, people: 1 },
    ])
  })

  test('counts the sessions of those that it hits, as far as they go on', async () => {
    await person('uma', { attributes: french })
    await session('uma', 'session_1')
    await session('uma', 'session_2', { state: 'ended' })
    await session('uma', 'session_3', { usedAt: start - day })
    await session('uma', 'session_4', { sessionsFrom: start - day })
    await session('pat', 'session_5')
    expect((await count({ nationality: 'FR' })).effects).toMatchObject({ people: 1, sessions: 1 })
  })

  test.each([
    ['an organisation', { organisation: 'cedar' }],
    ['a model', { nationality: 'FR', model: 'aurora' }],
    ['a client', { client: 'client_1', nationality: 'FR' }],
  ] as const)('on %s stops no person, who still answers to it', async (_, scope) => {
    await person('uma', { attributes: french })
    await client('client_1', { attributes: french })
    const { effects, hit } = await count(scope)
    expect(effects).toMatchObject({ clientCount: 1, people: 0, sessions: 0 })
    expect(hit).toEqual([{ organisation: 'cedar', clients: 1, people: 0 }])
  })

  test('hits no person of a developer, and nobody who is refused already', async () => {
    await person('dana', { attributes: french })
    await person('uma', { attributes: french, state: 'suspended' })
    await person('rita', { attributes: french, sponsor: { person: 'pat', confirmedUntil: start } })
    expect(await count({ nationality: 'FR' })).toMatchObject({ effects: { people: 0 }, hit: [] })
  })

  test('on a person hits them and the agents that they answer for', async () => {
    const agents = { kind: 'agent', operator: await another('person_una', 'uma') } as const
    await client('client_1', agents)
    expect((await count({ person: 'person_una' })).hit).toEqual([
      { organisation: 'cedar', clients: 1, people: 1 },
    ])
    expect((await count({ person: 'person_una', nationality: 'DE' })).hit).toEqual([])
  })

  test('names no person to whoever places it', async () => {
    await person('uma', { attributes: french })
    const action = { name: 'hold.place', id: 'hold_x', params: { scope: { nationality: 'FR' } } } as const
    const shown = await preview(world.deps, await world.actor('nora'), { action, reason, request: 'r' })
    expect(shown).toMatchObject({ effects: { people: 1 } })
    if (shown instanceof Refusal) throw new Error(shown.code)
    expect(JSON.stringify(shown.effects)).not.toContain('uma')
  })
})

describe('somebody’s suspension', () => {
  const suspend = async (who: string, id: string) => {
    const action = { name: 'person.suspend', id, params: {} } as const
    return preview(world.deps, await world.actor(who), { action, reason, request: 'r' })
  }

  test('stops them and their sessions, a developer’s too, and no agent of theirs', async () => {
    const id = await another('person_dora', 'devon')
    await session(id, 'session_1')
    await client('client_1', { organisation: 'halcyon', kind: 'agent', operator: id })
    expect(await suspend('dana', id)).toMatchObject({
      effects: { people: 1, sessions: 1, clientCount: 0 },
    })
  })
})

describe('clients that a hold leaves out', () => {
  test('are told apart: never attested, or attested otherwise until then', async () => {
    await client('never')
    await client('expired', { attributes: attested({ nationality: 'DE' }, 10) })
    await client('current', { attributes: attested({ nationality: 'DE' }, 200) })
    world.pass(20 * day)
    const { effects } = await count({ nationality: 'FR', organisation: 'cedar' })
    expect(effects.unattested).toEqual([
      { id: 'expired', name: 'expired', expiredAt: start + 10 * day },
      { id: 'never', name: 'never' },
    ])
  })

  test('are not those of whom it was attested last: nobody comes out of a hold by waiting', async () => {
    await client('expired', { attributes: attested({ nationality: 'FR' }, 10) })
    world.pass(20 * day)
    const { effects } = await count({ nationality: 'FR' })
    expect(effects).toMatchObject({ clientCount: 1 })
    expect(effects).not.toHaveProperty('unattested')
  })

  test('are not those that the rest of the scope leaves out anyway', async () => {
    await client('elsewhere', { attributes: attested({ region: 'DE' }) })
    await client('lapsed', { attributes: attested({ nationality: 'FR' }) })
    const { effects } = await count({ nationality: 'FR', region: 'US' })
    expect(effects.unattested).toEqual([{ id: 'lapsed', name: 'lapsed' }])
  })
})
