import { beforeEach, describe, expect, test } from 'vitest'
import { approve } from '../../../../functions/governance/engine/approve.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { unknownRecord } from '../../../../shared/domain/refusal.ts'
import { type ClientWorld, clientWorld, codeOf, day, reason, start, type Who } from './client-world.ts'

let world: ClientWorld
let id: string
beforeEach(async () => {
  world = await clientWorld()
  id = (await world.enrolled()).id
})

interface DecisionTold {
  readonly step: string
  readonly ratify_by: string | null
  readonly effects: { readonly client_count: number }
  readonly proposal: { readonly id: string; readonly version: number } | null
}

const on = (operation: string, who: Who, rev: number, body: object = {}) =>
  world.call(operation, who, { path: { client: id }, rev, body: { reason, ...body } })

describe('a suspension', () => {
  test('is in force at once by one person, and asks for a second', async () => {
    const told = world.told<DecisionTold>(await on('suspendClient', 'nora', 1))
    expect(told).toMatchObject({
      step: 'applied',
      ratify_by: new Date(start + day).toISOString(),
      effects: { client_count: 1 },
    })
    expect(await world.client(id)).toMatchObject({
      state: 'suspended',
      rev: 2,
      stop: { by: { person: 'person_nora' }, reason, ratifyBy: start + day },
    })
    for (const concerned of ['cedar', 'halcyon', 'ofr'])
      expect(await world.notices(concerned)).toContain('client.suspended')
  })

  test('closes no meter: other clients go on with the grant', async () => {
    await world.grant('grant_1', 'cedar', 'aurora')
    await on('suspendClient', 'nora', 1)
    expect((await world.store.get([keys.grant('grant_1')]))[0]).toMatchObject({ state: 'active', rev: 1 })
  })

  test('is shown beforehand without being made', async () => {
    const told = world.told<DecisionTold>(await on('suspendClient', 'nora', 1, { dry_run: true }))
    expect(told).toMatchObject({ step: 'dry_run', effects: { client_count: 1 } })
    expect((await world.client(id)).state).toBe('enrolled')
  })

  test('is ratified by another person, not by the one who made it, nor where it is not seen', async () => {
    world.told(await on('suspendClient', 'nora', 1))
    expect(codeOf(await on('ratifyClientStop', 'nora', 2))).toBe('own_proposal')
    expect(codeOf(await on('ratifyClientStop', 'wes', 2))).toBe('record_unknown')
    expect(codeOf(await on('ratifyClientStop', 'sam', 2))).toBe('role_missing')
    world.told(await on('ratifyClientStop', 'ada', 2))
    expect((await world.client(id)).stop?.ratified?.person).toBe('person_ada')
  })

  test('ends by two people of two organisations; the days without a use count anew', async () => {
    world.told(await on('suspendClient', 'priya', 1))
    world.pass(40 * day)
    const { proposal } = world.told<DecisionTold>(await on('reinstateClient', 'pat', 2))
    expect((await world.client(id)).state).toBe('suspended')
    const nora = await world.actor('nora')
    const answered = { proposal: proposal?.id ?? '', rev: proposal?.version ?? 0, request: 'r' }
    expect(await approve(world.deps, nora, answered)).toMatchObject({ state: 'applied' })
    const client = await world.client(id)
    expect(client).toMatchObject({ state: 'active', seenOn: Math.floor(start / day) + 40 })
    expect(client.stop).toBeUndefined()
  })

  test('does not end where the enrolment or the confirmation has', async () => {
    id = (await world.enrolled({ ...world.enrolTicket, sponsor: 'person_pat' })).id
    world.told(await on('suspendClient', 'priya', 1))
    world.pass(91 * day)
    expect(codeOf(await on('reinstateClient', 'pat', 2))).toBe('state_forbids')
    world.told(await on('confirmClient', 'pat', 2))
    expect(codeOf(await on('reinstateClient', 'pat', 3))).toBeUndefined()
    world.pass(300 * day)
    expect(codeOf(await on('reinstateClient', 'pat', 3))).toBe('state_forbids')
  })
})

describe('a client that is compromised', () => {
  test('is stopped at once with all its keys, and never comes back', async () => {
    const told = world.told<DecisionTold>(await on('compromisedClient', 'priya', 1))
    expect(told.ratify_by).toBe(new Date(start + day).toISOString())
    const client = await world.client(id)
    expect(client).toMatchObject({ state: 'compromised', stop: { by: { person: 'person_priya' } } })
    expect(client.keys.map(({ compromisedAt }) => compromisedAt)).toEqual([start])
    for (const operation of ['reinstateClient', 'suspendClient', 'revokeClient', 'compromisedClient'])
      expect(codeOf(await on(operation, 'priya', 2))).toBe('state_forbids')
    world.told(await on('ratifyClientStop', 'pat', 2))
  })
})

describe('who decides', () => {
  test.each([
    ['suspendClient', ['priya', 'ada', 'nora'], ['sam']],
    ['compromisedClient', ['priya', 'ada', 'nora'], ['sam']],
    ['revokeClient', ['priya'], ['sam', 'ada', 'nora']],
    ['confirmClient', [], ['sam', 'ada', 'nora']],
    ['attestClient', ['priya'], ['sam', 'ada', 'nora']],
  ] as const)('%s', async (operation, can, cannot) => {
    const body = operation === 'attestClient' ? { nationality: null, dry_run: true } : { dry_run: true }
    for (const who of can) expect(codeOf(await on(operation, who, 1, body))).toBeUndefined()
    for (const who of cannot)
      expect(['role_missing', 'state_forbids']).toContain(codeOf(await on(operation, who, 1, body)))
    // Another partner learns nothing, not even that there is such a client.
    for (const state of ['enrolled', 'revoked'] as const) {
      await world.put(keys.client(id), { ...(await world.client(id)), state })
      const unseen = await on(operation, 'wes', 1, body)
      expect(unseen).toEqual(unknownRecord('client', id))
    }
  })

  test('a change names the version that was seen', async () => {
    world.told(await on('suspendClient', 'nora', 1))
    expect(codeOf(await on('revokeClient', 'priya', 1))).toBe('version_stale')
    world.told(await on('revokeClient', 'priya', 2))
    expect((await world.client(id)).state).toBe('revoked')
  })
})

describe('attributes', () => {
  const until = (at: number) => ({ expires_at: new Date(at).toISOString() })

  test('are what the administrator vouches for, until they end', async () => {
    const nationality = { value: 'US', ...until(start + 100 * day) }
    world.told(await on('attestClient', 'priya', 1, { nationality }))
    const region = { value: 'US-TX', ...until(start + 50 * day) }
    world.told(await on('attestClient', 'pat', 2, { region }))
    expect((await world.client(id)).attributes).toEqual({
      nationality: { value: 'US', expiresAt: start + 100 * day, by: 'person_priya' },
      region: { value: 'US-TX', expiresAt: start + 50 * day, by: 'person_pat' },
    })
    world.told(await on('attestClient', 'pat', 3, { nationality: null }))
    expect(Object.keys((await world.client(id)).attributes ?? {})).toEqual(['region'])
    world.told(await on('attestClient', 'pat', 4, { region: null }))
    expect((await world.client(id)).attributes).toBeUndefined()
  })

  test('end within a year, name something, and have the form of the standard', async () => {
    expect(codeOf(await on('attestClient', 'priya', 1))).toBe('body_malformed')
    for (const at of [start, start + 400 * day])
      expect(
        await on('attestClient', 'priya', 1, { nationality: { value: 'US', ...until(at) } }),
      ).toMatchObject({ code: 'body_malformed', facts: { field: 'nationality.expires_at' } })
    for (const value of ['us', 'USA', '']) {
      const nationality = { value, ...until(start + day) }
      await expect(on('attestClient', 'priya', 1, { nationality })).rejects.toThrow('ISO 3166-1')
    }
  })
})

describe('a contractor’s client', () => {
  const sponsored = async (sponsor: string) => {
    id = (await world.enrolled({ ...world.enrolTicket, sponsor })).id
    world.pass(80 * day)
  }

  test('is confirmed for another 90 days by its sponsor, who administers nothing', async () => {
    await sponsored('person_sam')
    world.told(await on('confirmClient', 'sam', 1))
    expect((await world.client(id)).sponsor).toEqual({
      person: 'person_sam',
      confirmedUntil: start + 170 * day,
    })
  })

  test('is confirmed by an administrator in the name of its sponsor, or of another', async () => {
    await sponsored('person_sam')
    world.told(await on('confirmClient', 'pat', 1))
    expect((await world.client(id)).sponsor?.person).toBe('person_sam')
    world.told(await on('confirmClient', 'pat', 2, { sponsor: 'person_priya' }))
    expect((await world.client(id)).sponsor).toEqual({
      person: 'person_priya',
      confirmedUntil: start + 170 * day,
    })
  })

  test('is not confirmed by others of the organisation, nor handed on by its sponsor', async () => {
    await sponsored('person_pat')
    expect(codeOf(await on('confirmClient', 'sam', 1))).toBe('role_missing')
    expect(codeOf(await on('confirmClient', 'sam', 1, { sponsor: 'person_sam' }))).toBe('role_missing')
    await sponsored('person_sam')
    expect(codeOf(await on('confirmClient', 'sam', 1, { sponsor: 'person_pat' }))).toBe('role_missing')
    for (const who of ['ada', 'nora'] as const)
      expect(codeOf(await on('confirmClient', who, 1))).toBe('role_missing')
    expect((await world.client(id)).rev).toBe(1)
  })

  test.each([
    ['suspended', { state: 'suspended' }],
    ['removed', { state: 'removed' }],
    ['a contractor', { sponsor: { person: 'person_pat', confirmedUntil: start + 365 * day } }],
  ] as const)('is not confirmed for a sponsor who is %s: another has to answer for it', async (_, change) => {
    await sponsored('person_sam')
    await world.person('sam', change)
    expect(await on('confirmClient', 'pat', 1)).toMatchObject({
      code: 'body_malformed',
      facts: { field: 'sponsor' },
    })
    expect(codeOf(await on('confirmClient', 'pat', 1, { sponsor: 'person_wes' }))).toBe('body_malformed')
    world.told(await on('confirmClient', 'pat', 1, { sponsor: 'person_pat' }))
  })

  test('is not confirmed for a sponsor who is suspended at that moment', async () => {
    let suspend: (() => Promise<void>) | undefined
    world = await clientWorld(store => ({
      ...store,
      get: wanted => store.get(wanted),
      write: op => store.write(op),
      query: query => store.query(query),
      async transact(ops) {
        await suspend?.()
        return store.transact(ops)
      },
    }))
    await sponsored('person_sam')
    suspend = async () => {
      suspend = undefined
      await world.person('sam', { state: 'suspended' })
    }
    expect(codeOf(await on('confirmClient', 'pat', 1))).toBe('body_malformed')
    expect((await world.client(id)).sponsor?.confirmedUntil).toBe(start + 90 * day)
  })

  test('is the only one that is confirmed', async () => {
    expect(codeOf(await on('confirmClient', 'pat', 1))).toBe('state_forbids')
  })
})

describe('who sees a client', () => {
  const listed = async (who: Who, query: object = {}): Promise<readonly string[]> =>
    world
      .told<{ items: { id: string }[] }>(await world.call('listClients', who, { query }))
      .items.map(one => one.id)

  test('its own organisation, and those who select it', async () => {
    const other = await world.enrolled(world.enrolTicket, 'wes')
    for (const who of ['ada', 'nora'] as const)
      expect([...(await listed(who))].sort()).toEqual([id, other.id].sort())
    for (const who of ['priya', 'sam'] as const) expect(await listed(who)).toEqual([id])
    expect(await listed('wes')).toEqual([other.id])
    expect(await listed('wes', { organisation: 'cedar' })).toEqual([])
    expect(await listed('ada', { organisation: 'prairie' })).toEqual([other.id])
    expect(codeOf(await world.call('getClient', 'wes', { path: { client: id } }))).toBe('record_unknown')
    expect(codeOf(await world.call('getClient', 'wes', { path: { client: 'client_none' } }))).toBe(
      'record_unknown',
    )
  })

  test('an auditor, where a model of its engagement is granted', async () => {
    expect(await listed('ida')).toEqual([])
    await world.grant('grant_1', 'cedar', 'borealis')
    expect(await listed('ida')).toEqual([])
    await world.grant('grant_2', 'cedar', 'aurora')
    expect(await listed('ida')).toEqual([id])
    const shown = await world.call('getClient', 'ida', { path: { client: id } })
    expect(shown).toMatchObject({ status: 200, rev: 1, body: { id, state: 'enrolled', version: 1 } })
  })

  test('its own people without the sealed words of a stop', async () => {
    const sealed = { code: 'insider_risk', text: 'words for us', reference: 'case 7', sealed: true }
    world.told(await on('suspendClient', 'nora', 1, { reason: sealed }))
    const seen = async (who: Who) =>
      world.told(await world.call('getClient', who, { path: { client: id } })).stop
    expect(await seen('ada')).toMatchObject({ reason: { text: 'words for us', reference: 'case 7' } })
    expect(await seen('priya')).toMatchObject({
      reason: { code: 'insider_risk', text: null, reference: null },
    })
  })
})
